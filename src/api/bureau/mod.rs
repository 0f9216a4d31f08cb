//! What officers of the bureau do.

pub mod adjustments;
pub mod anomalies;
pub mod parties;
pub mod programmes;
pub mod versions;
