//! Commands: queued, sent once, answered once, and gone with their vehicle.

use crate::database::TestDatabase;
use crate::samples::{add_vehicles, at, home_tenant, id};
use milepost_domain::{
    CommandAnswer, CommandKind, CommandState, CommandText, DeviceCommand, DeviceId, Fact, IssuedCommand,
    MAX_QUEUED_COMMANDS, VehicleId,
};
use milepost_store::{NewCommand, Once, Store, StoreError};
use std::slice::from_ref;

fn new(vehicle: &str, is_queued: bool) -> NewCommand {
    let text = Some(CommandText::new("getinfo").unwrap());
    NewCommand {
        vehicle_id: id(vehicle),
        device_id: Some(DeviceId::new("t1").unwrap()),
        command: DeviceCommand { kind: CommandKind::Custom, text },
        is_queued,
    }
}

async fn issue(store: &dyn Store, new: &NewCommand, ms: i64) -> Option<IssuedCommand> {
    store.issue_command(&home_tenant(), new, at(ms), &Once::unclaimed()).await.unwrap()
}

async fn states(store: &dyn Store) -> Vec<CommandState> {
    let events = store.events_after(&home_tenant(), 0, 100).await.unwrap();
    let state = |fact: &Fact| if let Fact::CommandChanged(command) = fact { Some(command.state()) } else { None };
    events.iter().filter_map(|event| state(&event.fact)).collect()
}

pub(crate) async fn a_command_is_queued_sent_and_answered_once(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    add_vehicles(store, &home, &["bus-1", "bus-2"]).await;
    let queued = issue(store, &new("bus-1", true), 0).await.unwrap();
    assert_eq!((queued.id.get(), queued.state(), queued.was_queued), (1, CommandState::Queued, true));
    assert_eq!(store.queued_commands(&home, 10).await.unwrap(), from_ref(&queued));
    let answer = CommandAnswer::of("DI1:1").unwrap();
    assert_eq!(store.answer_command(&home, queued.id, &answer, at(1)).await.unwrap(), None, "nobody was asked yet");
    let other = DeviceId::new("t2").unwrap();
    let sent = store.take_command(&home, queued.id, &other, at(10)).await.unwrap().unwrap();
    assert_eq!((sent.sent_at, sent.device_id.as_ref(), sent.state()), (Some(at(10)), Some(&other), CommandState::Sent));
    assert_eq!(store.take_command(&home, queued.id, &other, at(11)).await.unwrap(), None, "it is written once");
    assert_eq!(store.queued_commands(&home, 10).await.unwrap(), []);
    let at_once = issue(store, &new("bus-1", false), 20).await.unwrap();
    assert_eq!((at_once.sent_at, at_once.was_queued), (Some(at(20)), false));
    let of_another = issue(store, &new("bus-2", false), 21).await.unwrap();
    let unanswered = async |ms: i64| store.unanswered_commands(&home, &id("bus-1"), at(ms)).await.unwrap();
    assert_eq!(unanswered(0).await, [sent.clone(), at_once.clone()]);
    assert_eq!(unanswered(11).await, from_ref(&at_once));
    let answered = store.answer_command(&home, sent.id, &answer, at(30)).await.unwrap().unwrap();
    assert_eq!((answered.answered_at, answered.answer.as_ref()), (Some(at(30)), Some(&answer)));
    assert_eq!(store.answer_command(&home, sent.id, &answer, at(31)).await.unwrap(), None);
    assert_eq!(unanswered(0).await, from_ref(&at_once));
    let between = async |from, to| store.commands_between(&home, &id("bus-1"), (at(from), at(to)), 10).await.unwrap();
    assert_eq!(between(10, 11).await, from_ref(&answered));
    assert_eq!(between(30, 31).await, from_ref(&answered));
    assert_eq!(between(11, 30).await, from_ref(&at_once));
    // What could not be written waits, and was queued then.
    let again = store.requeue_command(&home, at_once.id, at(40)).await.unwrap().unwrap();
    assert_eq!((again.state(), again.was_queued), (CommandState::Queued, true));
    let device = DeviceId::new("t1").unwrap();
    assert_eq!(store.list_commands(&home, &device, None, 10).await.unwrap(), [of_another.clone(), again.clone()]);
    assert_eq!(store.list_commands(&home, &device, Some(of_another.id), 10).await.unwrap(), from_ref(&again));
    store.drop_command(&home, again.id).await.unwrap();
    assert_eq!(store.list_commands(&home, &device, None, 10).await.unwrap(), [of_another]);
    use CommandState::{Answered, Queued, Sent};
    assert_eq!(states(store).await, [Queued, Sent, Sent, Sent, Answered, Queued]);
}

pub(crate) async fn commands_go_with_their_vehicle_and_those_that_wait_are_bounded(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    add_vehicles(store, &home, &["bus-1"]).await;
    let missing = store.issue_command(&home, &new("bus-9", true), at(0), &Once::unclaimed()).await;
    assert_eq!(missing.unwrap_err(), StoreError::NotFound("vehicle"));
    for ms in 0..i64::from(MAX_QUEUED_COMMANDS) {
        assert!(issue(store, &new("bus-1", true), ms).await.is_some());
    }
    assert_eq!(issue(store, &new("bus-1", true), 0).await, None);
    assert!(issue(store, &new("bus-1", false), 0).await.is_some(), "what is written at once does not wait");
    assert!(store.remove_vehicle(&home, &id("bus-1"), None, at(0)).await.unwrap());
    add_vehicles(store, &home, &["bus-1"]).await;
    assert_eq!(store.queued_commands(&home, 10).await.unwrap(), []);
    let window = (at(0), at(10_000));
    assert_eq!(store.commands_between(&home, &VehicleId::new("bus-1").unwrap(), window, 10).await.unwrap(), []);
}
