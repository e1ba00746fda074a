//! What sessions over WebSockets share: signs of life, an end that says why, and the end of the master.

use std::time::Duration;

use actix::{Actor, ActorContext};
use actix_web_actors::ws::{CloseCode, CloseReason, WebsocketContext};
use tokio::sync::watch;
use tokio::time::Instant;

/// Between two signs of life that a client is asked for; proxies give up on silent connections after a minute.
pub const HEARTBEAT: Duration = Duration::from_secs(30);
/// A client that is silent for so long is gone.
const PATIENCE: Duration = Duration::from_secs(90);

/// Why a client that is connected when the master ends is let go.
pub const MASTER_ENDS: &str = "the master ends: connect again when it is back";

/// Asks a client for a sign of life, or lets go of one that was last heard too long ago.
pub fn look_for_life<S: Actor<Context = WebsocketContext<S>>>(heard: Instant, ctx: &mut WebsocketContext<S>) {
    if heard.elapsed() < PATIENCE {
        ctx.ping(b"");
    } else {
        end(ctx, CloseCode::Away, "the client is silent");
    }
}

/// Ends a session; `why` has at most 123 bytes.
pub fn end<S: Actor<Context = WebsocketContext<S>>>(ctx: &mut WebsocketContext<S>, code: CloseCode, why: &str) {
    ctx.close(Some(CloseReason { code, description: Some(why.to_owned()) }));
    ctx.stop();
}

/// Waits until the master ends, maybe for ever.
pub async fn until_the_end(mut ending: watch::Receiver<bool>) {
    if ending.wait_for(|ends| *ends).await.is_err() {
        std::future::pending::<()>().await;
    }
}
