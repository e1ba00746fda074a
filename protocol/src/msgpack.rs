//! Messages to MessagePack and back.
