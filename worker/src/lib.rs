//! The worker: runs what a master asks for and reports back.
