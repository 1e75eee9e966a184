//! Bytes that one viewer gets for each update, by form, compression, and how many vehicles report together.

use super::{Counted, Form, NativeOptions};
use crate::client::{Client, Waiting};
use crate::fleet::{Fleet, place_at, push_position};
use crate::http::json_request;
use crate::milepost::Milepost;
use crate::publishing::{even_pace, now_ms, publish_on_time};
use anyhow::{Result, ensure};
use std::time::Duration;

/// Vehicles that report in one request, and so come in one message.
const BATCHES: [usize; 3] = [1, 10, 25];
/// Requests that may wait for their commits.
const PUBLISHERS: usize = 8;
/// How far each vehicle is ahead of the one before on their circle.
const LEAD_MS: i64 = 123_457;
/// A run has ended after this long without a message.
const QUIET: Duration = Duration::from_millis(500);

/// One form's bytes.
pub(super) struct Sample {
    pub(super) form: Form,
    pub(super) deflate: bool,
    pub(super) batch: usize,
    pub(super) messages: u64,
    pub(super) bytes_an_update: f64,
}

/// Drives the vehicles once for each form.
pub(super) fn measure_bytes(options: &NativeOptions) -> Result<Vec<Sample>> {
    let milepost = Milepost::start(&options.server)?;
    let mut fleet = Fleet::set_up(&mut milepost.client()?, Fleet::numbered("moving", options.moving), false)?;
    let mut samples = Vec::new();
    for form in [Form::JSON, Form::ROWS] {
        for deflate in [false, true] {
            for batch in BATCHES {
                eprintln!("{} in batches of {batch}, deflate {deflate}", form.name);
                samples.push(measure(options, &milepost, &mut fleet, (form, deflate, batch))?);
            }
        }
    }
    Ok(samples)
}

/// Appends a position that no other vehicle has: the same numbers again and again would compress to nothing.
fn push_own_position(fleet: &mut Fleet, number: usize, body: &mut String) {
    let bus = &mut fleet.buses[number];
    bus.newest_ms = now_ms().max(bus.newest_ms + 1);
    let place = place_at(bus.newest_ms + number as i64 * LEAD_MS);
    let speed_kmh = 10.0 + (number % 487) as f64 / 10.0;
    let heading_us = number as u64 * 37_917_113 % 360_000_000;
    push_position(body, Some(&bus.id), place, speed_kmh, heading_us, bus.newest_ms);
}

fn measure(
    options: &NativeOptions,
    milepost: &Milepost,
    fleet: &mut Fleet,
    (form, deflate, batch): (Form, bool, usize),
) -> Result<Sample> {
    let mut client = Client::new(Waiting::Sleep)?;
    client.open_publishers(PUBLISHERS, milepost.address)?;
    client.open_watchers(1, &milepost.live_socket(deflate))?;
    // Long enough for the places of one request, and too short for those of two.
    let batch_ms = if batch > 1 { 5 } else { 0 };
    client.send(0, &form.greeting(&[&format!(r#"{{"op":"sub","s":1,"to":"vehicles","batch_ms":{batch_ms}}}"#)]))?;
    client.poll_until_quiet(QUIET, &mut Counted::default())?;
    let mut counted = Counted::default();
    let vehicles = options.moving;
    let make = |number: u64, _| {
        let from = number as usize * batch;
        let mut body = String::from("[");
        for number in from..from + batch {
            let separator = if body.len() > 1 { "," } else { "" };
            body.push_str(separator);
            push_own_position(fleet, number % vehicles, &mut body);
        }
        body.push(']');
        json_request("POST", "/api/v1/positions", &milepost.credential, body.as_bytes())
    };
    let pace = even_pace(vehicles as f64 / batch as f64, options.seconds);
    let published = publish_on_time(&mut client, pace, make, &mut counted)?;
    client.poll_until_quiet(QUIET, &mut counted)?;
    counted.check()?;
    let updates = published.requests * batch as u64;
    if !deflate && form.name == Form::JSON.name {
        let places = counted.places;
        ensure!(places == updates, "{places} of {updates} places came: the viewer was too slow, publish slower");
    }
    Ok(Sample {
        form,
        deflate,
        batch,
        messages: counted.messages,
        bytes_an_update: counted.bytes as f64 / updates as f64,
    })
}
