//! A function of the configuration as the other side: it has what it was called with, unless it raises.

use crate::actors::scripts::CallFunction;
use crate::actors::supervisor::Ask;
use crate::domain::{Callback, ScriptValue};
use crate::json;
use crate::reporters::{Outcome, Parcel, Sending, Transport};

pub struct FunctionTransport {
    pub function: Callback,
    pub scripts: Ask<CallFunction>,
}

impl Transport for FunctionTransport {
    fn send<'a>(&'a self, parcel: &'a Parcel) -> Sending<'a> {
        let packets = json::from_slice(&parcel.body).map(|packets| json::to_property(&packets)).unwrap_or_default();
        let call = CallFunction { function: self.function.clone(), arguments: vec![ScriptValue::Data(packets)] };
        let asked = self.scripts.ask(call);
        Box::pin(async move {
            match asked.await {
                Ok(Ok(_)) => Outcome::Sent { refused: Vec::new(), later: Vec::new() },
                Ok(Err(error)) => Outcome::Unreachable(error.to_string()),
                Err(error) => Outcome::Unreachable(error.to_string()),
            }
        })
    }
}
