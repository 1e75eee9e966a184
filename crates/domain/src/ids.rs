//! Identifiers: texts and numbers.

use crate::Invalid;
use std::fmt;
use std::sync::Arc;

/// Ids are short so that channel names, log lines and URLs stay short too.
pub const MAX_ID_CHARS: usize = 64;

/// Letters and digits of any script, and the marks that real fleets use in their numbers (`MTA NYCT_2782`, `bus:7`).
fn is_id(text: &str) -> bool {
    let mut chars = 0;
    for c in text.chars() {
        chars += 1;
        if !(c.is_alphanumeric() || matches!(c, '.' | '_' | ':' | '@' | '-' | ' ')) {
            return false;
        }
    }
    // URL libraries remove `.` and `..` from paths.
    (1..=MAX_ID_CHARS).contains(&chars) && text.trim() == text && text != "." && text != ".."
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// 1 to 64 letters, digits, spaces inside, or `. _ : @ -`.
            ///
            /// # Errors
            /// [`Invalid`] for anything else.
            pub fn new(text: &str) -> Result<Self, Invalid> {
                if is_id(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(Invalid::new($field, "must be 1 to 64 letters, digits, . _ : @ - or spaces inside"))
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(i64);

        impl $name {
            /// # Errors
            /// [`Invalid`](crate::Invalid) below 1.
            pub const fn new(number: i64) -> Result<Self, $crate::Invalid> {
                if number >= 1 { Ok(Self(number)) } else { Err($crate::Invalid::new($field, "must be a whole number from 1")) }
            }

            /// The number.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }
    };
}
pub(crate) use number_id;

text_id!(
    /// A company, a school, a platform, a unit. Nothing of one tenant is ever visible to another.
    TenantId,
    "tenant"
);
text_id!(
    /// A bus, car, truck, bike or person that is tracked. Unique within its tenant.
    VehicleId,
    "vehicle_id"
);
text_id!(
    /// A kiosk, tracker or phone that reports for one vehicle. Unique within its tenant.
    DeviceId,
    "device_id"
);
text_id!(
    /// A delivery's public link: everybody who knows it may follow. Unique over all tenants, and not to be guessed.
    TrackingId,
    "tracking_id"
);
text_id!(
    /// A trip: a UUID of version 7, so that ids sort by the time at which they were made. Unique over all tenants.
    TripId,
    "trip_id"
);
text_id!(
    /// An alert: a UUID of version 7. Unique over all tenants.
    AlertId,
    "alert_id"
);

impl TenantId {
    /// The tenant that exists from the start.
    pub fn default_tenant() -> Self {
        Self("default".into())
    }
}

number_id!(
    /// A person's number, unique over all tenants, from 1.
    UserId,
    "user_id"
);
