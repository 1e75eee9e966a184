//! The frames of commands, byte for byte.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use milepost_device_protocols::{Protocol, Session};
use milepost_domain::{CommandKind, CommandText, DeviceCommand, Timestamp};

const IMEI: &str = "353451044508750";

fn frame(protocol: Protocol, kind: CommandKind, text: Option<&str>) -> Option<Vec<u8>> {
    let mut session = Session::new(protocol);
    let text = text.map(|text| CommandText::new(text).unwrap());
    let now = Timestamp::from_unix_ms(1_795_982_783_000).unwrap();
    session.write_command(IMEI, &DeviceCommand { kind, text }, now)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn text(protocol: Protocol, kind: CommandKind, custom: Option<&str>) -> String {
    String::from_utf8(frame(protocol, kind, custom).unwrap()).unwrap()
}

#[test]
fn teltonika_takes_the_example_of_its_own_wiki() {
    // wiki.teltonika-gps.com, "Codec 12": getinfo.
    let getinfo = frame(Protocol::Teltonika, CommandKind::Custom, Some("getinfo")).unwrap();
    assert_eq!(hex(&getinfo), "000000000000000F0C010500000007676574696E666F0100004312");
    assert!(frame(Protocol::Teltonika, CommandKind::StopEngine, None).is_none(), "its outputs differ by installation");
}

#[test]
fn gt06_is_told_in_a_frame_with_a_number_and_a_checksum() {
    let stop = frame(Protocol::Gt06, CommandKind::StopEngine, None).unwrap();
    assert_eq!(hex(&stop[..9]), "787812800C00000000");
    assert_eq!((&stop[9..17], hex(&stop[17..19])), (&b"RELAY,1#"[..], "0001".to_owned()));
    assert_eq!(stop.len(), usize::from(stop[2]) + 5);
    let long = "x".repeat(245);
    assert_eq!(frame(Protocol::Gt06, CommandKind::Custom, Some(&long)).unwrap()[2], 255);
    assert!(frame(Protocol::Gt06, CommandKind::Custom, Some(&format!("{long}x"))).is_none());
}

#[test]
fn text_protocols_name_the_device() {
    assert_eq!(text(Protocol::Gps103, CommandKind::StopEngine, None), format!("**,imei:{IMEI},J;"));
    assert_eq!(text(Protocol::Gps103, CommandKind::Custom, Some("101,10s")), format!("**,imei:{IMEI},101,10s;"));
    assert_eq!(text(Protocol::H02, CommandKind::ResumeEngine, None), format!("*HQ,{IMEI},S20,200623,1,0#"));
    assert_eq!(text(Protocol::Meitrack, CommandKind::Locate, None), format!("@@A25,{IMEI},A10*52\r\n"));
    assert_eq!(text(Protocol::Queclink, CommandKind::Custom, Some("AT+GTRTO=x$")), "AT+GTRTO=x$");
}

#[test]
fn every_kind_that_a_protocol_says_it_takes_has_a_frame_and_no_other() {
    let kinds = [
        CommandKind::Custom,
        CommandKind::Locate,
        CommandKind::StopEngine,
        CommandKind::ResumeEngine,
        CommandKind::Restart,
        CommandKind::ShowVersion,
        CommandKind::Arm,
        CommandKind::Disarm,
    ];
    for protocol in Protocol::ALL {
        let taken = Session::new(*protocol).commands();
        for kind in kinds {
            let custom = (kind == CommandKind::Custom).then_some("a");
            assert_eq!(frame(*protocol, kind, custom).is_some(), taken.contains(&kind), "{protocol:?} {kind:?}");
        }
        assert!(frame(*protocol, CommandKind::Custom, None).is_none(), "{protocol:?}");
    }
}

#[test]
fn a_text_that_could_end_its_frame_is_refused() {
    for text in ["", "a\r\n", "a\0", "ä", &"x".repeat(CommandText::MAX_CHARS + 1)] {
        assert!(CommandText::new(text).is_err(), "{text:?}");
    }
}
