//! The objects of this API: their fields, in the names and forms of its clients.

use crate::shape::Form::{Attributes, Flag, Ignored, Real, Text, Time, Whole};
use crate::shape::{Field, Shape};
use milepost_domain::EntryKind;

pub(crate) const DEVICE: Shape = Shape {
    class: "Device",
    fields: &[
        Field("contact", Text),
        Field("positionId", Whole),
        Field("model", Text),
        Field("name", Text),
        Field("uniqueId", Text),
        Field("phone", Text),
        Field("status", Text),
        Field("attributes", Attributes),
        Field("calendarId", Whole),
        Field("groupId", Whole),
        Field("id", Whole),
        Field("disabled", Flag),
        Field("category", Text),
        Field("lastUpdate", Time),
        Field("expirationTime", Time),
    ],
};

/// The fields of a device that are kept in the catalogue.
pub(crate) const DEVICE_EXTRAS: [&str; 9] =
    ["contact", "model", "phone", "attributes", "calendarId", "groupId", "disabled", "category", "expirationTime"];

pub(crate) const USER: Shape = Shape {
    class: "User",
    fields: &[
        Field("id", Whole),
        Field("attributes", Attributes),
        Field("name", Text),
        Field("login", Text),
        Field("email", Text),
        Field("phone", Text),
        Field("readonly", Flag),
        Field("administrator", Flag),
        Field("map", Text),
        Field("latitude", Real),
        Field("longitude", Real),
        Field("zoom", Whole),
        Field("coordinateFormat", Text),
        Field("disabled", Flag),
        Field("expirationTime", Time),
        Field("deviceLimit", Whole),
        Field("userLimit", Whole),
        Field("deviceReadonly", Flag),
        Field("limitCommands", Flag),
        Field("disableReports", Flag),
        Field("fixedEmail", Flag),
        Field("poiLayer", Text),
        Field("totpKey", Text),
        Field("temporary", Flag),
        Field("password", Text),
    ],
};

/// The fields of a user that are kept in the catalogue.
pub(crate) const USER_EXTRAS: [&str; 17] = [
    "attributes",
    "name",
    "phone",
    "readonly",
    "map",
    "latitude",
    "longitude",
    "zoom",
    "coordinateFormat",
    "expirationTime",
    "deviceLimit",
    "userLimit",
    "deviceReadonly",
    "limitCommands",
    "disableReports",
    "fixedEmail",
    "poiLayer",
];

pub(crate) const SERVER: Shape = Shape {
    class: "Server",
    fields: &[
        Field("id", Whole),
        Field("attributes", Attributes),
        Field("registration", Flag),
        Field("readonly", Flag),
        Field("deviceReadonly", Flag),
        Field("map", Text),
        Field("bingKey", Text),
        Field("mapUrl", Text),
        Field("overlayUrl", Text),
        Field("latitude", Real),
        Field("longitude", Real),
        Field("zoom", Whole),
        Field("forceSettings", Flag),
        Field("coordinateFormat", Text),
        Field("limitCommands", Flag),
        Field("disableReports", Flag),
        Field("fixedEmail", Flag),
        Field("poiLayer", Text),
        Field("announcement", Text),
        Field("emailEnabled", Flag),
        Field("geocoderEnabled", Flag),
        Field("textEnabled", Flag),
        Field("storageSpace", Ignored),
        Field("newServer", Flag),
        Field("openIdEnabled", Flag),
        Field("openIdForce", Flag),
        Field("version", Text),
    ],
};

pub(crate) const GEOFENCE: Shape = Shape {
    class: "Geofence",
    fields: &[
        Field("id", Whole),
        Field("attributes", Attributes),
        Field("calendarId", Whole),
        Field("name", Text),
        Field("description", Text),
        Field("area", Text),
    ],
};

/// A kind of object that the catalogue keeps as it is.
pub(crate) struct Kept {
    /// Its fields.
    pub(crate) shape: Shape,
    /// Its kind in the catalogue.
    pub(crate) kind: EntryKind,
    /// The key of its number in links.
    pub(crate) key: &'static str,
    /// A field that must have a value, in refusals by its column's name.
    pub(crate) needs: Option<(&'static str, &'static str)>,
    /// The fields that `keyword` looks into.
    pub(crate) searched: &'static [&'static str],
    /// Only administrators may change it.
    pub(crate) is_administrators: bool,
}

pub(crate) const GROUP: Kept = Kept {
    shape: Shape {
        class: "Group",
        fields: &[Field("id", Whole), Field("attributes", Attributes), Field("groupId", Whole), Field("name", Text)],
    },
    kind: EntryKind::Group,
    key: "groupId",
    needs: Some(("name", "NAME")),
    searched: &["name"],
    is_administrators: false,
};

pub(crate) const DRIVER: Kept = Kept {
    shape: Shape {
        class: "Driver",
        fields: &[Field("id", Whole), Field("attributes", Attributes), Field("name", Text), Field("uniqueId", Text)],
    },
    kind: EntryKind::Driver,
    key: "driverId",
    needs: Some(("uniqueId", "UNIQUEID")),
    searched: &["name", "uniqueId"],
    is_administrators: false,
};

pub(crate) const MAINTENANCE: Kept = Kept {
    shape: Shape {
        class: "Maintenance",
        fields: &[
            Field("id", Whole),
            Field("attributes", Attributes),
            Field("name", Text),
            Field("type", Text),
            Field("start", Real),
            Field("period", Real),
        ],
    },
    kind: EntryKind::Maintenance,
    key: "maintenanceId",
    needs: Some(("name", "NAME")),
    searched: &["name"],
    is_administrators: false,
};

pub(crate) const CALENDAR: Kept = Kept {
    shape: Shape {
        class: "Calendar",
        fields: &[Field("id", Whole), Field("attributes", Attributes), Field("name", Text), Field("data", Text)],
    },
    kind: EntryKind::Calendar,
    key: "calendarId",
    needs: Some(("data", "DATA")),
    searched: &["name"],
    is_administrators: false,
};

pub(crate) const COMMAND: Kept = Kept {
    shape: Shape {
        class: "Command",
        fields: &[
            Field("id", Whole),
            Field("attributes", Attributes),
            Field("deviceId", Whole),
            Field("type", Text),
            Field("textChannel", Flag),
            Field("description", Text),
        ],
    },
    kind: EntryKind::Command,
    key: "commandId",
    needs: Some(("type", "TYPE")),
    searched: &["description"],
    is_administrators: false,
};

pub(crate) const NOTIFICATION: Kept = Kept {
    shape: Shape {
        class: "Notification",
        fields: &[
            Field("id", Whole),
            Field("attributes", Attributes),
            Field("description", Text),
            Field("calendarId", Whole),
            Field("always", Flag),
            Field("type", Text),
            Field("commandId", Whole),
            Field("notificators", Text),
        ],
    },
    kind: EntryKind::Notification,
    key: "notificationId",
    needs: Some(("type", "TYPE")),
    searched: &["description"],
    is_administrators: false,
};

pub(crate) const COMPUTED: Kept = Kept {
    shape: Shape {
        class: "Attribute",
        fields: &[
            Field("id", Whole),
            Field("description", Text),
            Field("attribute", Text),
            Field("expression", Text),
            Field("type", Text),
            Field("priority", Whole),
        ],
    },
    kind: EntryKind::Computed,
    key: "attributeId",
    needs: Some(("expression", "EXPRESSION")),
    searched: &["description"],
    is_administrators: true,
};

pub(crate) const REPORT: Kept = Kept {
    shape: Shape {
        class: "Report",
        fields: &[
            Field("id", Whole),
            Field("attributes", Attributes),
            Field("calendarId", Whole),
            Field("type", Text),
            Field("description", Text),
        ],
    },
    kind: EntryKind::Report,
    key: "reportId",
    needs: Some(("calendarId", "CALENDARID")),
    searched: &["description"],
    is_administrators: false,
};

pub(crate) const ORDER: Kept = Kept {
    shape: Shape {
        class: "Order",
        fields: &[
            Field("id", Whole),
            Field("attributes", Attributes),
            Field("uniqueId", Text),
            Field("description", Text),
            Field("fromAddress", Text),
            Field("toAddress", Text),
        ],
    },
    kind: EntryKind::Order,
    key: "orderId",
    needs: Some(("uniqueId", "UNIQUEID")),
    searched: &["description"],
    is_administrators: false,
};

/// The kinds that the catalogue keeps as they are.
pub(crate) const KEPT: [&Kept; 9] =
    [&GROUP, &DRIVER, &MAINTENANCE, &CALENDAR, &COMMAND, &NOTIFICATION, &COMPUTED, &REPORT, &ORDER];
