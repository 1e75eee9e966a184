//! Kinds of incidents: what a vehicle did, or did not do, that a tenant may want to know.

use crate::Invalid;

/// What an incident is, and what its value and limit are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IncidentKind {
    /// Over the speed limit. Value and limit in km/h.
    Speeding,
    /// Value and limit in m/s².
    HarshBraking,
    /// Value and limit in m/s².
    HarshAcceleration,
    /// Value and limit in m/s², lateral.
    HarshCornering,
    /// The tank's level fell while the vehicle stood. Value in litres; the limit is the least that counts.
    FuelTheft,
    /// The tank's level rose. Value in litres; the limit is the least that counts.
    Refuelling,
    /// A service is due. Value and limit in kilometres, or neither where a date is due.
    ServiceDue,
    /// The vehicle sends nothing.
    Offline,
}

impl IncidentKind {
    /// All.
    pub const ALL: [Self; 8] = [
        Self::Speeding,
        Self::HarshBraking,
        Self::HarshAcceleration,
        Self::HarshCornering,
        Self::FuelTheft,
        Self::Refuelling,
        Self::ServiceDue,
        Self::Offline,
    ];

    /// `speeding`, `harsh_braking`, …
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Speeding => "speeding",
            Self::HarshBraking => "harsh_braking",
            Self::HarshAcceleration => "harsh_acceleration",
            Self::HarshCornering => "harsh_cornering",
            Self::FuelTheft => "fuel_theft",
            Self::Refuelling => "refuelling",
            Self::ServiceDue => "service_due",
            Self::Offline => "offline",
        }
    }

    /// # Errors
    /// [`Invalid`] for anything else.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        found.ok_or(Invalid::new("kind", "must be a kind of incident"))
    }
}
