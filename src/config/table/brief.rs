//! Short forms for the rows of classes that are known but not built yet: what an argument means is told once it does
//! something.

/// Arguments: `name: Kind`, `name: Kind = Default(value)` or `required name: Kind`. `None` fits all of them.
macro_rules! arguments {
    ($($($word:ident)+ : $kind:ident $(($of:expr))? $(= $default:ident($value:expr))?),* $(,)?) => {
        &[$($crate::config::table::brief::argument!(
            [$($word)+] ($crate::config::table::Kind::$kind $(($of))?) [$($default($value))?]
        )),*]
    };
}

macro_rules! argument {
    ([required $name:ident] ($kind:expr) []) => {
        $crate::config::table::Argument::required(stringify!($name), $kind, "").nullable()
    };
    ([$name:ident] ($kind:expr) []) => {
        $crate::config::table::Argument::optional(stringify!($name), $kind, "")
    };
    ([$name:ident] ($kind:expr) [$default:ident($value:expr)]) => {
        $crate::config::table::Argument::new(
            stringify!($name),
            $kind,
            $crate::config::table::Default::$default($value),
            "",
        )
        .nullable()
    };
}

/// Classes of a namespace: `Name(positional, ...) [GROUPS] "What it does.";` each.
macro_rules! classes {
    ($namespace:ident: $($name:ident($($positional:ident),*) [$($group:expr),*] $doc:literal;)*) => {
        [$($crate::config::table::Class::new(stringify!($namespace), stringify!($name), $doc, &[$($group),*])
            .positional(&[$(stringify!($positional)),*])),*]
    };
}

pub(super) use {argument, arguments, classes};
