//! The 256 colours of terminals, and the style sheet that makes each of them readable in light and in dark.
//!
//! The first sixteen belong to the site's own sheet, which names them by meaning; the others are moved towards black
//! or white until they stand out from the panels of the scheme.

use std::fmt::Write as _;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};

type Rgb = [u8; 3];

/// Contrast that a text needs (WCAG AA).
const ENOUGH: f64 = 4.5;
/// The least favourable grounds of a line in each scheme.
const LIGHT_GROUND: Rgb = [0xee, 0xf0, 0xf3];
const DARK_GROUND: Rgb = [0x2b, 0x31, 0x3c];
const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];

/// The levels of the cube of colours.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
/// What terminals show as the first sixteen.
const BASIC: [Rgb; 16] = [
    [0, 0, 0],
    [178, 24, 24],
    [24, 130, 44],
    [160, 110, 0],
    [30, 90, 200],
    [150, 40, 160],
    [0, 130, 150],
    [204, 204, 204],
    [102, 102, 102],
    [240, 80, 80],
    [60, 200, 90],
    [240, 200, 70],
    [90, 150, 255],
    [220, 110, 230],
    [60, 205, 220],
    [255, 255, 255],
];

/// `GET /static/ansi.css`
pub async fn sheet() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/css; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "public, max-age=600"))
        .body(css())
}

fn css() -> String {
    let mut css = String::new();
    let mut dark = String::new();
    // writing to a String cannot fail
    for index in 0..=u8::MAX {
        let colour = rgb(index);
        let text = if ENOUGH <= contrast(WHITE, colour) { WHITE } else { BLACK };
        let _ = writeln!(css, ".log .b{index}{{background:{};color:{}}}", hex(colour), hex(text));
        let _ = writeln!(css, ".log .r{index}{{color:{}}}", hex(colour));
        if 16 <= index {
            let _ = writeln!(css, ".log .c{index}{{color:{}}}", hex(readable(colour, LIGHT_GROUND)));
            let _ = writeln!(dark, ".log .c{index}{{color:{}}}", hex(readable(colour, DARK_GROUND)));
        }
    }
    let _ = writeln!(css, "@media (prefers-color-scheme: dark){{\n{dark}}}");
    css
}

/// The index, from 16 on, of the colour that is nearest.
pub fn nearest(colour: Rgb) -> u8 {
    let distance = |index: u8| -> i32 {
        let parts = rgb(index).into_iter().zip(colour);
        parts.map(|(one, other)| (i32::from(one) - i32::from(other)).pow(2)).sum()
    };
    (16..=u8::MAX).min_by_key(|index| distance(*index)).unwrap_or(16)
}

/// Whether a text of one colour can be read on the ground of another.
pub fn is_readable(colour: u8, ground: u8) -> bool {
    ENOUGH <= contrast(rgb(colour), rgb(ground))
}

fn rgb(index: u8) -> Rgb {
    let level = |step: u8| LEVELS.get(usize::from(step % 6)).copied().unwrap_or(u8::MAX);
    match index {
        0..=15 => BASIC.get(usize::from(index)).copied().unwrap_or(WHITE),
        16..=231 => {
            let place = index - 16;
            [level(place / 36), level(place / 6), level(place)]
        }
        232..=255 => [8 + (index - 232) * 10; 3],
    }
}

/// The colour, moved away from the ground until it can be read.
fn readable(colour: Rgb, ground: Rgb) -> Rgb {
    let goal = if luminance(ground) < 0.2 { WHITE } else { BLACK };
    let steps = (0..=20).map(|step| mix(colour, goal, f64::from(step) / 20.0));
    steps.into_iter().find(|mixed| ENOUGH <= contrast(*mixed, ground)).unwrap_or(goal)
}

fn mix(from: Rgb, to: Rgb, share: f64) -> Rgb {
    let part = |from: u8, to: u8| (f64::from(from) * (1.0 - share) + f64::from(to) * share).round() as u8;
    [part(from[0], to[0]), part(from[1], to[1]), part(from[2], to[2])]
}

fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Relative luminance as WCAG defines it.
fn luminance([red, green, blue]: Rgb) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_can_be_read_in_both_schemes() {
        for index in 16..=u8::MAX {
            for ground in [LIGHT_GROUND, DARK_GROUND] {
                let contrast = contrast(readable(rgb(index), ground), ground);
                assert!(ENOUGH <= contrast, "{index} on {ground:?}: {contrast}");
            }
        }
    }

    #[test]
    fn the_cube_and_the_greys_are_where_terminals_have_them() {
        assert_eq!(rgb(16), [0, 0, 0]);
        assert_eq!(rgb(196), [255, 0, 0]);
        assert_eq!(rgb(110), [135, 175, 215]);
        assert_eq!(rgb(231), WHITE);
        assert_eq!((rgb(232), rgb(255)), ([8; 3], [238; 3]));
    }

    #[test]
    fn a_colour_of_24_bits_finds_its_neighbour() {
        assert_eq!(nearest([255, 3, 3]), 196);
        assert_eq!(nearest([130, 170, 220]), 110);
        assert_eq!(nearest([9, 9, 9]), 232);
    }

    #[test]
    fn black_on_white_has_the_greatest_contrast() {
        assert_eq!(contrast(BLACK, WHITE).round(), 21.0);
        assert!(is_readable(0, 15) && !is_readable(0, 0));
    }
}
