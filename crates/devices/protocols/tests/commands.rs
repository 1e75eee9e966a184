//! The frames of commands, byte for byte, and what devices answer.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use milepost_device_protocols::checksum::{crc16_ibm, crc16_kermit, crc16_x25, sum, xor};
use milepost_device_protocols::{Found, Protocol, Session};
use milepost_domain::{CommandKind, CommandText, DeviceCommand, Timestamp};

const IMEI: &str = "353451044508750";

/// What a device of each protocol says first, where commands depend on it.
fn first_words(protocol: Protocol) -> Vec<u8> {
    match protocol {
        Protocol::Teltonika => [&[0, 15][..], IMEI.as_bytes()].concat(),
        Protocol::Gt06 => unhex("78780d01012345678901234500018cdd0d0a"),
        Protocol::Jt808 => jt808(0x0002, &[]),
        Protocol::Suntech => b"ALV;0910000001\r".to_vec(),
        _ => Vec::new(),
    }
}

fn now() -> Timestamp {
    Timestamp::from_unix_ms(1_795_982_783_000).unwrap()
}

fn begun(protocol: Protocol) -> Session {
    let mut session = Session::new(protocol);
    session.take(&first_words(protocol), now(), |_| {}).unwrap();
    session
}

fn frame(protocol: Protocol, kind: CommandKind, text: Option<&str>) -> Option<Vec<u8>> {
    let text = text.map(|text| CommandText::new(text).unwrap());
    begun(protocol).write_command(IMEI, &DeviceCommand { kind, text }, now())
}

fn reply(protocol: Protocol, bytes: &[u8]) -> Option<String> {
    let mut replies = Vec::new();
    let found = |found| match found {
        Found::Message(message) => replies.push(message.reply),
        Found::Refused(reason, _) => panic!("{protocol:?}: {reason}"),
    };
    begun(protocol).take(bytes, now(), found).unwrap();
    assert_eq!(replies.len(), 1, "{protocol:?}");
    replies.remove(0)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|index| u8::from_str_radix(&text[2 * index..2 * index + 2], 16).unwrap()).collect()
}

fn text(protocol: Protocol, kind: CommandKind, custom: Option<&str>) -> String {
    String::from_utf8(frame(protocol, kind, custom).unwrap()).unwrap()
}

/// A frame of the terminal 013912345678.
fn jt808(kind: u16, body: &[u8]) -> Vec<u8> {
    let mut content =
        [&kind.to_be_bytes()[..], &(body.len() as u16).to_be_bytes(), &unhex("013912345678"), &[0, 1]].concat();
    content.extend_from_slice(body);
    content.push(xor(&content));
    [&[0x7E], &content[..], &[0x7E]].concat()
}

#[test]
fn teltonika_takes_the_example_of_its_own_wiki_and_what_traccar_sends() {
    let custom = |text| hex(&frame(Protocol::Teltonika, CommandKind::Custom, Some(text)).unwrap());
    // wiki.teltonika-gps.com, "Codec 12": getinfo.
    assert_eq!(custom("getinfo"), "000000000000000f0c010500000007676574696e666f0100004312");
    // As Traccar 6.14's TeltonikaProtocolEncoder sends them: a text, and the bytes of digits.
    assert_eq!(custom("setdigout 11"), "00000000000000140c01050000000c7365746469676f7574203131010000bed5");
    assert_eq!(custom("03030000000185E8"), "00000000000000100c01050000000803030000000185e8010000da8b");
    let stop = frame(Protocol::Teltonika, CommandKind::StopEngine, None).unwrap();
    assert_eq!(&stop[15..26], b"setdigout 1");
}

#[test]
fn gt06_is_told_in_a_frame_with_a_number_and_a_checksum() {
    // As Traccar 6.14's Gt06ProtocolEncoder sends it, but for the number, which counts up here, and the checksum over it.
    let stop = frame(Protocol::Gt06, CommandKind::StopEngine, None).unwrap();
    assert_eq!(hex(&stop[..17]), "787812800c0000000052656c61792c3123");
    assert_eq!((hex(&stop[17..19]), crc16_x25(&stop[2..19]).to_be_bytes()), ("0001".to_owned(), [stop[19], stop[20]]));
    assert_eq!(stop.len(), usize::from(stop[2]) + 5);
    let long = "x".repeat(245);
    assert_eq!(frame(Protocol::Gt06, CommandKind::Custom, Some(&long)).unwrap()[2], 255);
    assert!(frame(Protocol::Gt06, CommandKind::Custom, Some(&format!("{long}x"))).is_none());
}

#[test]
fn text_protocols_name_the_device() {
    assert_eq!(text(Protocol::Gps103, CommandKind::StopEngine, None), format!("**,imei:{IMEI},J;"));
    assert_eq!(text(Protocol::Gps103, CommandKind::Custom, Some("101,10s")), format!("**,imei:{IMEI},101,10s;"));
    assert_eq!(text(Protocol::H02, CommandKind::StopEngine, None), format!("*HQ,{IMEI},S20,200623,1,1#"));
    assert_eq!(text(Protocol::H02, CommandKind::ResumeEngine, None), format!("*HQ,{IMEI},S20,200623,1,0#"));
    assert_eq!(text(Protocol::Meitrack, CommandKind::Locate, None), format!("@@A25,{IMEI},A10*52\r\n"));
    let stop = text(Protocol::Meitrack, CommandKind::StopEngine, None);
    let counted = format!("@@A33,{IMEI},C01,0,12222*");
    assert_eq!(stop, format!("{counted}{:02X}\r\n", sum(counted.as_bytes())));
    assert_eq!(text(Protocol::Queclink, CommandKind::Custom, Some("AT+GTRTO=x$")), "AT+GTRTO=x$");
    // As Traccar 6.14's encoders send them.
    assert_eq!(text(Protocol::Tk103, CommandKind::StopEngine, None), format!("({IMEI}AV010)"));
    assert_eq!(text(Protocol::Tk103, CommandKind::Locate, None), format!("({IMEI}AP00)"));
    assert_eq!(text(Protocol::Suntech, CommandKind::StopEngine, None), format!("CMD;{IMEI};04;01\r"));
    assert_eq!(
        hex(&frame(Protocol::Ruptela, CommandKind::Custom, Some(" Setio 2,1")).unwrap()),
        "000b6c20536574696f20322c31eb3e"
    );
}

#[test]
fn a_device_is_told_in_the_form_in_which_it_speaks_itself() {
    let stop = DeviceCommand { kind: CommandKind::StopEngine, text: None };
    let mut th = Session::new(Protocol::H02);
    th.take(format!("*TH,{IMEI},HTBT,95#").as_bytes(), now(), |_| {}).unwrap();
    let frame = th.write_command(IMEI, &stop, now()).unwrap();
    assert!(frame.starts_with(b"*TH,"), "a device takes no command under another maker's letters");
    let mut older = Session::new(Protocol::Suntech);
    older.take(b"ST300ALV;511848119\r", now(), |_| {}).unwrap();
    assert_eq!(older.write_command("511848119", &stop, now()).unwrap(), b"ST300CMD;511848119;02;Enable1\r");
    let mut terminal = begun(Protocol::Jt808);
    let mut expected = jt808(0x8105, &[0xF0]);
    // Its number is 0, that of the terminal's frames is 1.
    expected[12] = 0;
    let (end, mark) = (expected.len() - 2, 1);
    expected[end] = xor(&expected[mark..end]);
    assert_eq!(terminal.write_command("13912345678", &stop, now()).unwrap(), expected);
    assert!(Session::new(Protocol::Jt808).write_command("13912345678", &stop, now()).is_none());
}

#[test]
fn what_a_device_answers_is_read() {
    let replies =
        |protocol, bytes: &[u8], expected: &str| assert_eq!(reply(protocol, bytes).as_deref(), Some(expected));
    let teltonika = |codec: u8, kind: u8, content: &[u8]| {
        let mut body = vec![codec, 1, kind];
        body.extend((content.len() as u32).to_be_bytes());
        body.extend([content, &[1]].concat());
        let crc = u32::from(crc16_ibm(&body)).to_be_bytes();
        [&[0; 4][..], &(body.len() as u32).to_be_bytes(), &body, &crc].concat()
    };
    // wiki.teltonika-gps.com, "Codec 12": the answer to getio.
    let getio = "00000000000000370c01060000002f4449313a31204449323a30204449333a302041494e313a302041494e323a313639323420444f313a3020444f323a3101000066e3";
    replies(Protocol::Teltonika, &unhex(getio), "DI1:1 DI2:0 DI3:0 AIN1:0 AIN2:16924 DO1:0 DO2:1");
    replies(Protocol::Teltonika, &teltonika(0x0C, 6, &[0xFF, 1]), "ff01");
    replies(Protocol::Teltonika, &teltonika(0x0D, 6, b"\0\0\0\x01Ver:1"), "Ver:1");
    replies(
        Protocol::Teltonika,
        &teltonika(0x0E, 6, &[&[3, 0x52, 9, 3, 8, 2, 0, 0x53][..], b"Ver:2"].concat()),
        "Ver:2",
    );

    let gt06 = |head: &[u8], content: &[u8]| {
        let frame = [head, content, &[0, 1]].concat();
        let crc = crc16_x25(&frame[2..]).to_be_bytes();
        [&frame[..], &crc, b"\r\n"].concat()
    };
    let success = [&[16, 0, 0, 0, 0][..], b"DYD=Success!", &[0, 2]].concat();
    let short = (success.len() + 5) as u8;
    replies(Protocol::Gt06, &gt06(&[0x78, 0x78, short, 0x15], &success), "DYD=Success!");
    let long = [&[0, 0, 0, 0, 1][..], b"Cut off the fuel supply: Success!"].concat();
    replies(
        Protocol::Gt06,
        &gt06(&[0x79, 0x79, 0, (long.len() + 5) as u8, 0x21], &long),
        "Cut off the fuel supply: Success!",
    );
    let wide = [&[0, 0, 0, 0, 2][..], &[0, b'O', 0, b'K']].concat();
    replies(Protocol::Gt06, &gt06(&[0x79, 0x79, 0, (wide.len() + 5) as u8, 0x21], &wide), "OK");

    let v4 = format!("*HQ,{IMEI},V4,S20,DONE,130305,050316,A,2212.8745,N,11346.6574,E,14.28,028,220902,FFFFFBFF#");
    replies(Protocol::H02, v4.as_bytes(), "S20,DONE,130305");
    replies(Protocol::H02, format!("*HQ,{IMEI},SMS,ID:1\nIP:2#").as_bytes(), "ID:1\nIP:2");
    let done = format!("imei:{IMEI},jt,1510270259,,F,235957.000,A,2429.5156,N,04424.5828,E,0.01,27.91,,0,0,,,;");
    replies(Protocol::Gps103, done.as_bytes(), "jt");
    let content = format!("$$A28,{IMEI},C01,OK*");
    replies(Protocol::Meitrack, format!("{content}{:02X}\r\n", sum(content.as_bytes())).as_bytes(), "C01,OK");
    replies(Protocol::Queclink, b"+ACK:GTRTO,1A0800,860599000773978,GL300,VER,FFFF,20161006053520,0C19$", "+ACK:GTRTO");
    replies(Protocol::Tk103, b"(013612345678BV010)", "BV010");
    replies(Protocol::Suntech, b"RES;4309999001;04;02;TEST\r", "04;02;TEST");
    replies(Protocol::Suntech, b"ST300CMD;Res;511848119;319H;Disable1\r", "319H;Disable1");
    let body = [&353_451_044_508_750_u64.to_be_bytes()[..], &[7], b"Version 1"].concat();
    let frame = [&(body.len() as u16).to_be_bytes()[..], &body, &crc16_kermit(&body).to_be_bytes()].concat();
    replies(Protocol::Ruptela, &frame, "Version 1");
    replies(Protocol::Jt808, &jt808(0x0001, &[0, 0, 0x81, 0x05, 0]), "8105 done");
    // The answer to an acknowledgement of the server is none to a command.
    assert_eq!(reply(Protocol::Jt808, &jt808(0x0001, &[0, 0, 0x81, 0x00, 0])), None);
}

#[test]
fn every_kind_that_a_protocol_says_it_takes_has_a_frame_and_no_other() {
    for protocol in Protocol::ALL {
        let taken = Session::new(*protocol).commands();
        for kind in CommandKind::ALL {
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
