//! How retailers' systems are told: which addresses may be called, how a message is signed, and how it is sent.

mod courier;
mod reach;
mod secret;

pub use courier::HttpCourier;
pub use reach::Reach;
pub use secret::WebhookSecrets;
