//! Terminals for commands that want one.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll, ready};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc;
use nix::pty::{Winsize, openpty};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::process::Command;

/// What most programs take a terminal for that tells nothing.
const SIZE: Winsize = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };

/// The worker's end of a terminal: what the command prints.
pub struct Terminal(AsyncFd<OwnedFd>);

/// Gives a command a terminal of its own, of which it leads the session. The command is to be dropped once it is
/// spawned: it holds the other end, and the output has no end before.
pub fn attach(command: &mut Command) -> io::Result<Terminal> {
    let ends = openpty(&SIZE, None)?;
    let flags = OFlag::from_bits_truncate(fcntl(&ends.master, FcntlArg::F_GETFL)?);
    fcntl(&ends.master, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    fcntl(&ends.master, FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))?;
    command
        .stdin(Stdio::from(ends.slave.try_clone()?))
        .stdout(Stdio::from(ends.slave.try_clone()?))
        .stderr(Stdio::from(ends.slave));
    // SAFETY: between fork and exec only `setsid` and `ioctl` are called, which are safe there.
    unsafe {
        command.pre_exec(|| {
            nix::unistd::setsid()?;
            if libc::ioctl(0, libc::TIOCSCTTY, 0) == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
        });
    }
    // SAFETY: the owned descriptor is registered, and stays open until it is dropped together with its registration.
    let end = unsafe { AsyncFd::register(ends.master) }?;
    Ok(Terminal(end))
}

impl AsyncRead for Terminal {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut guard = ready!(self.0.poll_read_ready(context))?;
            let read = guard.try_io(|end| Ok(nix::unistd::read(end.get_ref(), buffer.initialize_unfilled())?));
            match read {
                Ok(Ok(n_bytes)) => {
                    buffer.advance(n_bytes);
                    return Poll::Ready(Ok(()));
                }
                // The last program has closed the other end.
                Ok(Err(error)) if error.raw_os_error() == Some(libc::EIO) => return Poll::Ready(Ok(())),
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_not_ready) => {}
            }
        }
    }
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Terminal({})", self.0.as_raw_fd())
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn a_command_leads_its_terminal_and_its_output_has_an_end() {
        let mut command = Command::new("sh");
        command.args(["-c", "test -t 0 && test -t 1 && test -t 2 && echo yes; echo there > /dev/tty"]);
        let mut terminal = attach(&mut command).unwrap();
        let mut child = command.spawn().unwrap();
        drop(command);
        let mut text = String::new();
        terminal.read_to_string(&mut text).await.unwrap();
        assert!(child.wait().await.unwrap().success());
        assert_eq!(text, "yes\r\nthere\r\n");
    }
}
