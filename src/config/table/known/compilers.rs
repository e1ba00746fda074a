//! `steps`: compilers of Microsoft.

use super::super::brief::{arguments, classes};
use super::super::steps::{COMMON, SHELL};
use super::super::{Argument, Class};

const STUDIO: &[Argument] = arguments! {
    installdir: RenderableText, mode: RenderableText = Text("rebuild"), projectfile: RenderableText,
    config: RenderableText = Text("release"), useenv: Bool = Bool(false), project: RenderableText, INCLUDE: Texts,
    LIB: Texts, PATH: Texts, name: RenderableText,
};
const ARCH: &[Argument] = arguments! { arch: RenderableText = Text("x86") };
const PLATFORM: &[Argument] = arguments! { required platform: RenderableText, defines: Renderable };

pub const CLASSES: [Class; 29] = super::all_not_yet(
    classes! { steps:
        VisualStudio() [STUDIO, SHELL, COMMON] "What the steps for Visual Studio have in common.";
        VC6() [STUDIO, SHELL, COMMON] "Builds with Visual C++ 6.";
        VC7() [STUDIO, SHELL, COMMON] "Builds with Visual C++ 7.";
        VC8(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual C++ 8.";
        VC9(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual C++ 9.";
        VC10(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual C++ 10.";
        VC11(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual C++ 11.";
        VC12(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual C++ 12.";
        VC14(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual C++ 14.";
        VC141(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual C++ 14.1.";
        VCExpress9(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual C++ 9 Express.";
        VS2003() [STUDIO, SHELL, COMMON] "Builds with Visual Studio 2003.";
        VS2005(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual Studio 2005.";
        VS2008(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual Studio 2008.";
        VS2010(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual Studio 2010.";
        VS2012(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual Studio 2012.";
        VS2013(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual Studio 2013.";
        VS2015(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual Studio 2015.";
        VS2017(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual Studio 2017.";
        VS2019(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual Studio 2019.";
        VS2022(arch) [ARCH, STUDIO, SHELL, COMMON] "Builds with Visual Studio 2022.";
        MsBuild(platform) [PLATFORM, STUDIO, SHELL, COMMON] "Builds with MSBuild 4; `MsBuild4` by its short name.";
        MsBuild4(platform) [PLATFORM, STUDIO, SHELL, COMMON] "Builds with MSBuild 4.";
        MsBuild12(platform) [PLATFORM, STUDIO, SHELL, COMMON] "Builds with MSBuild 12.";
        MsBuild14(platform) [PLATFORM, STUDIO, SHELL, COMMON] "Builds with MSBuild 14.";
        MsBuild141(platform) [PLATFORM, STUDIO, SHELL, COMMON] "Builds with MSBuild 14.1.";
        MsBuild15(platform) [PLATFORM, STUDIO, SHELL, COMMON] "Builds with MSBuild 15.";
        MsBuild16(platform) [PLATFORM, STUDIO, SHELL, COMMON] "Builds with MSBuild 16.";
        MsBuild17(platform) [PLATFORM, STUDIO, SHELL, COMMON] "Builds with MSBuild 17.";
    },
    "use steps.ShellCommand with msbuild or devenv",
);
