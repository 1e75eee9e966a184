//! The table of protocols: one line for each family.

use crate::family::Family;

macro_rules! protocols {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $port:literal, $state:ty;)*) => {
        /// A family of devices.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Protocol {
            $($(#[$doc])* $variant,)*
        }

        impl Protocol {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in settings, lists and metrics.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The port that these devices are usually told to call.
            pub const fn usual_port(self) -> u16 {
                match self { $(Self::$variant => $port,)* }
            }

            pub(crate) fn family(self) -> Box<dyn Family> {
                match self { $(Self::$variant => Box::<$state>::default(),)* }
            }
        }
    };
}

protocols! {
    /// Teltonika AVL: codec 8, 8 Extended and 16.
    Teltonika = "teltonika", 5027, crate::teltonika::Teltonika;
    /// GT06, Concox, Jimi.
    Gt06 = "gt06", 5023, crate::gt06::Gt06;
    /// H02, Sinotrack and clones, text and binary.
    H02 = "h02", 5013, crate::h02::H02;
    /// Coban GPS103, TK103A.
    Gps103 = "gps103", 5001, crate::gps103::Gps103;
    /// TK103 and KX402, in brackets.
    Tk103 = "tk103", 5002, crate::tk103::Tk103;
    /// JT/T 808 of 2011, 2013 and 2019.
    Jt808 = "jt808", 5015, crate::jt808::Jt808;
    /// Queclink @Track, text.
    Queclink = "queclink", 5004, crate::queclink::Queclink;
    /// Meitrack, text and binary batches.
    Meitrack = "meitrack", 5020, crate::meitrack::Meitrack;
    /// Ruptela FM.
    Ruptela = "ruptela", 5046, crate::ruptela::Ruptela;
    /// Suntech, old families and universal.
    Suntech = "suntech", 5011, crate::suntech::Suntech;
    /// NMEA 0183 with an id.
    Nmea = "nmea", 5005, crate::nmea::Nmea;
}

impl Protocol {
    /// The protocol of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|protocol| protocol.name() == name)
    }
}
