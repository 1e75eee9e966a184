//! Report schedules and mailed reports: each occasion has one job, whichever node makes it, and a file is kept while a mail waits for it.

use crate::database::TestDatabase;
use crate::push::take as take_calls;
use crate::samples::{add_tenant, add_vehicles, at, home_tenant, id, new_user};
use milepost_domain::{
    Author, EmailAddress, JobFile, JobId, Label, Language, ReportFormat, ReportKind, ReportPeriod, ReportSchedule,
    Role, ScheduleOrder, ScheduleOutcome, TenantId, TimeOfDay, User, UserId, ZoneName,
};
use milepost_store::{
    JobLane, JobMail, JobOutcome, JobQuota, MadeJob, MadeJobOutcome, NewJob, NewLogin, NewReportSchedule, Once, Person,
    Retention, ScheduleQuota, ScheduleStep, ScheduleStepped, Store,
};

const QUOTA: ScheduleQuota = ScheduleQuota { tenant: 3, owner: 2 };
const JOBS: JobQuota = JobQuota { tenant: 10, caller: 10, ended: Some(1) };
const DAY_MS: i64 = 86_400_000;

async fn add_manager(store: &dyn Store, name: &str, tenant: &TenantId) -> User {
    let mut new = NewLogin { role: Role::Manager, ..new_user(name, tenant) };
    new.contact.email = Some(EmailAddress::new(&format!("{name}@example.org")).unwrap());
    store.add_user(&new, at(0), &Once::unclaimed()).await.unwrap()
}

fn new_schedule(owner: &User, vehicles: Option<&[&str]>, receivers: &[UserId]) -> NewReportSchedule {
    NewReportSchedule {
        tenant: owner.tenant.clone(),
        owner: owner.id,
        order: ScheduleOrder {
            name: Label::new("Mileage").unwrap(),
            kind: ReportKind::Mileage,
            group: None,
            vehicles: vehicles.map(|names| names.iter().map(|name| id(name)).collect()),
            period: ReportPeriod::Week,
            time: TimeOfDay::from_seconds(6 * 3_600).unwrap(),
            timezone: ZoneName::new("Asia/Jakarta").unwrap(),
            language: Language::Indonesian,
            format: ReportFormat::Xlsx,
            active: true,
        },
        receivers: receivers.to_vec(),
        next_at: at(1_000),
    }
}

async fn add(store: &dyn Store, new: &NewReportSchedule) -> Option<ReportSchedule> {
    store.add_report_schedule(new, QUOTA, at(0), &Once::unclaimed()).await.unwrap()
}

fn job(name: &str, kind: &'static str) -> NewJob {
    NewJob {
        id: JobId::new(name).unwrap(),
        tenant: home_tenant(),
        kind,
        input: "{}".to_owned(),
        about: None,
        made_by: "x".to_owned(),
        due_at: at(0),
        audited_as: "report.make",
    }
}

fn step(next_ms: i64, name: &str) -> ScheduleStep {
    let job = Some(job(name, "report.scheduled"));
    ScheduleStep { next_at: at(next_ms), outcome: ScheduleOutcome::Begun, job, most_open: 2 }
}

fn author(user: UserId, ms: i64) -> Author {
    Author { user: Some(user), ..Author::operator(at(ms)) }
}

pub(crate) async fn a_schedule_comes_back_as_it_was_made_and_there_is_a_bounded_number(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let acme = add_tenant(store, "acme").await;
    add_vehicles(store, &home, &["bus-1", "bus-2"]).await;
    let (ann, bob) = (add_manager(store, "ann", &home).await, add_manager(store, "bob", &home).await);
    let eve = add_manager(store, "eve", &acme).await;
    let new = new_schedule(&ann, Some(&["bus-2", "bus-1"]), &[ann.id, bob.id, eve.id]);
    let made = add(store, &new).await.unwrap();
    assert_eq!(made.order.vehicles, Some(vec![id("bus-1"), id("bus-2")]));
    let receivers: Vec<_> = made.receivers.iter().map(|one| (one.user, one.ended_at)).collect();
    assert_eq!(receivers, [(ann.id, None), (bob.id, None)], "nobody of another tenant");
    assert_eq!((made.owner, made.next_at, made.version), (ann.id, at(1_000), 1));
    assert_eq!(store.get_report_schedule(&home, made.id).await.unwrap(), Some(made.clone()));
    assert_eq!(store.get_report_schedule(&acme, made.id).await.unwrap(), None);
    let all = add(store, &new_schedule(&ann, None, &[ann.id])).await.unwrap();
    assert_eq!(all.order.vehicles, None);
    assert!(add(store, &new_schedule(&ann, None, &[ann.id])).await.is_none(), "too many of one owner");
    let third = add(store, &new_schedule(&bob, None, &[bob.id])).await.unwrap();
    assert!(add(store, &new_schedule(&bob, None, &[bob.id])).await.is_none(), "too many of the tenant");
    let listed = async |owner| -> Vec<_> {
        let listed = store.list_report_schedules(&home, owner, None, 10).await.unwrap();
        listed.iter().map(|one| one.id).collect()
    };
    assert_eq!(listed(None).await, [made.id, all.id, third.id]);
    assert_eq!(listed(Some(bob.id)).await, [third.id]);

    // A change names the version that it was made from.
    let mut after = ReportSchedule { version: 2, ..made.clone() };
    after.order.vehicles = None;
    after.receivers.truncate(1);
    assert!(store.update_report_schedule(&after).await.unwrap());
    assert!(!store.update_report_schedule(&after).await.unwrap());
    assert_eq!(store.get_report_schedule(&home, made.id).await.unwrap(), Some(after));
    assert!(store.end_receiver(&home, made.id, ann.id, at(5)).await.unwrap());
    assert!(!store.end_receiver(&home, made.id, bob.id, at(5)).await.unwrap());
    let ended = store.get_report_schedule(&home, made.id).await.unwrap().unwrap();
    assert_eq!(ended.receivers[0].ended_at, Some(at(5)));
    assert!(!store.remove_report_schedule(&home, made.id, Some(1)).await.unwrap());
    assert!(store.remove_report_schedule(&home, made.id, Some(ended.version)).await.unwrap());
    // It goes with its owner, and a receiver goes alone.
    assert!(store.remove_user(ann.id, None, at(6)).await.unwrap());
    assert_eq!(listed(None).await, [third.id]);
}

pub(crate) async fn of_several_nodes_one_does_what_is_due(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let ann = add_manager(store, "ann", &home).await;
    let made = add(store, &new_schedule(&ann, None, &[ann.id])).await.unwrap();
    assert!(store.due_report_schedules(at(999), 2, 10).await.unwrap().is_empty());
    let due = store.due_report_schedules(at(1_000), 2, 10).await.unwrap();
    assert_eq!(due, [made]);
    let node = database.another_node().await;
    let (by, here, there) = (author(ann.id, 1_500), step(DAY_MS, "a"), step(DAY_MS, "b"));
    let (first, second) =
        tokio::join!(store.step_report_schedule(&due[0], &here, &by), node.step_report_schedule(&due[0], &there, &by));
    let mut stepped = [first.unwrap(), second.unwrap()];
    stepped.sort_by_key(|one| *one == ScheduleStepped::Taken);
    assert_eq!(stepped, [ScheduleStepped::Done, ScheduleStepped::Taken]);
    let after = store.get_report_schedule(&home, due[0].id).await.unwrap().unwrap();
    let job = after.last_job.clone().unwrap();
    assert_eq!((after.next_at, after.last_at, after.version), (at(DAY_MS), Some(at(1_500)), 1));
    let taken = store.take_job(JobLane::FirstOfTenant, at(2_000), at(90_000)).await.unwrap().unwrap();
    assert_eq!((&taken.id, taken.actor, taken.kind.as_str()), (&job, Some(ann.id), "report.scheduled"));
    assert!(store.take_job(JobLane::SecondOfTenant, at(2_000), at(90_000)).await.unwrap().is_none(), "there is one");

    // A tenant has few of them open. Further schedules stay due, and hide nobody's.
    let again = ReportSchedule { next_at: at(2_000), version: 2, ..after };
    assert!(store.update_report_schedule(&again).await.unwrap());
    let done = store.step_report_schedule(&again, &step(2_001, "c"), &author(ann.id, 2_000)).await.unwrap();
    assert_eq!(done, ScheduleStepped::Done);
    let again = store.get_report_schedule(&home, again.id).await.unwrap().unwrap();
    let full = store.step_report_schedule(&again, &step(9_000, "d"), &author(ann.id, 3_000)).await.unwrap();
    assert_eq!(full, ScheduleStepped::Full);
    assert_eq!(store.get_report_schedule(&home, again.id).await.unwrap().unwrap(), again);
    assert!(store.due_report_schedules(at(5_000), 2, 10).await.unwrap().is_empty());
    assert_eq!(store.due_report_schedules(at(5_000), 3, 10).await.unwrap().len(), 1);
    // They take no place of those that people ask for.
    let few = JobQuota { tenant: 1, caller: 1, ended: None };
    let own = self::job("own", "report");
    assert!(store.add_job(&own, &author(ann.id, 0), few, &Once::unclaimed()).await.unwrap());
}

pub(crate) async fn a_vehicle_that_is_made_anew_is_in_no_schedule(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    add_vehicles(store, &home, &["bus-1", "bus-2"]).await;
    let ann = add_manager(store, "ann", &home).await;
    let made = add(store, &new_schedule(&ann, Some(&["bus-1", "bus-2"]), &[ann.id])).await.unwrap();
    for name in ["bus-1", "bus-2"] {
        assert!(store.remove_vehicle(&home, &id(name), None, at(1)).await.unwrap());
        add_vehicles(store, &home, &[name]).await;
    }
    let after = store.get_report_schedule(&home, made.id).await.unwrap().unwrap();
    assert_eq!(after.order.vehicles, Some(Vec::new()), "none is not all");
    assert!(after.version > made.version);
}

async fn file(store: &dyn Store, name: &str) -> JobFile {
    let key = format!("jobs/{name}");
    store.announce_files(std::slice::from_ref(&key), at(90_000)).await.unwrap();
    JobFile { key, name: format!("{name}.csv"), media_type: "text/csv".to_owned(), bytes: 7 }
}

fn mail(user: UserId) -> JobMail {
    JobMail { user, body: "{}".to_owned() }
}

async fn is_there(store: &dyn Store, name: &str) -> bool {
    store.get_job(&JobId::new(name).unwrap()).await.unwrap().is_some()
}

pub(crate) async fn a_file_is_mailed_with_the_end_of_its_job_and_kept_while_a_mail_waits(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let (ann, bob) = (add_manager(store, "ann", &home).await, add_manager(store, "bob", &home).await);
    let by = author(ann.id, 0);
    assert!(store.add_job(&job("a", "report"), &by, JOBS, &Once::unclaimed()).await.unwrap());
    let taken = store.take_job(JobLane::FirstOfTenant, at(1), at(90_000)).await.unwrap().unwrap();
    let done = JobOutcome::Done(Some(file(store, "a").await));
    let expires = at(500);
    let mails = [mail(ann.id), mail(bob.id), mail(UserId::new(99).unwrap())];
    assert!(store.end_job(&taken, &done, at(10), expires, &mails).await.unwrap());
    assert!(!store.end_job(&taken, &done, at(10), expires, &mails).await.unwrap(), "it ends once");
    let calls = take_calls(store, 20).await;
    assert_eq!(calls.len(), 2, "each receiver that there is");
    for call in &calls {
        let receiver = call.mail.as_ref().unwrap();
        assert!(receiver.may_enter && receiver.sees_fleet);
        assert_eq!(receiver.file.as_ref().map(|file| file.name.as_str()), Some("a.csv"));
    }
    // Neither its age nor newer ones take the file from a mail that waits.
    store.prune(at(1_000), &Retention::default()).await.unwrap();
    for name in ["b", "c"] {
        assert!(store.add_job(&job(name, "report"), &by, JOBS, &Once::unclaimed()).await.unwrap());
        let taken = store.take_job(JobLane::FirstOfTenant, at(1_000), at(90_000)).await.unwrap().unwrap();
        let done = JobOutcome::Done(Some(file(store, name).await));
        assert!(store.end_job(&taken, &done, at(1_000), at(9_000), &[]).await.unwrap());
    }
    assert!(is_there(store, "a").await);
    for call in &calls {
        store.settle_call(call.no, &milepost_store::CallOutcome::Delivered { status: 250 }, at(1_100)).await.unwrap();
    }
    store.prune(at(1_200), &Retention::default()).await.unwrap();
    assert!(!is_there(store, "a").await);

    // What was made in a request is a job that is done; one whose mail nobody gets is none.
    for (name, receiver, outcome) in
        [("d", ann.id, MadeJobOutcome::Added), ("e", UserId::new(99).unwrap(), MadeJobOutcome::Unmailed)]
    {
        let made = MadeJob {
            job: job(name, "report"),
            file: file(store, name).await,
            expires_at: at(9_000),
            mail: mail(receiver),
        };
        assert_eq!(store.add_made_job(&made, &by, JOBS, &Once::unclaimed()).await.unwrap(), outcome);
        assert_eq!(is_there(store, name).await, outcome == MadeJobOutcome::Added);
    }
    let d = JobId::new("d").unwrap();
    assert!(store.mail_job(&d, &mail(bob.id), &by, &Once::unclaimed()).await.unwrap());
    assert!(!store.mail_job(&d, &mail(UserId::new(99).unwrap()), &by, &Once::unclaimed()).await.unwrap());
    assert_eq!(take_calls(store, 2_000).await.len(), 2);
    let lost = JobId::new("zzz").unwrap();
    assert!(store.mail_job(&lost, &mail(bob.id), &by, &Once::unclaimed()).await.is_err());
}

pub(crate) async fn an_erased_person_leaves_no_schedule_report_or_place_on_a_list(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let (ann, bob) = (add_manager(store, "ann", &home).await, add_manager(store, "bob", &home).await);
    let own = add(store, &new_schedule(&ann, None, &[ann.id, bob.id])).await.unwrap();
    let others = add(store, &new_schedule(&bob, None, &[ann.id, bob.id])).await.unwrap();
    let stepped = store.step_report_schedule(&own, &step(DAY_MS, "scheduled"), &author(ann.id, 2_000)).await.unwrap();
    assert_eq!(stepped, ScheduleStepped::Done);
    for (name, maker) in [("anns", ann.id), ("bobs", bob.id)] {
        assert!(store.add_job(&job(name, "report"), &author(maker, 0), JOBS, &Once::unclaimed()).await.unwrap());
    }
    let person = Person { id: ann.id, tenant: home.clone(), names: vec!["ann".to_owned()] };
    store.erase_traces(&person, at(3_000)).await.unwrap();
    store.erase_account(&person, &Author::operator(at(3_000))).await.unwrap();
    assert_eq!(store.get_report_schedule(&home, own.id).await.unwrap(), None);
    let left = store.get_report_schedule(&home, others.id).await.unwrap().unwrap();
    assert_eq!(left.receivers.iter().map(|one| one.user).collect::<Vec<_>>(), [bob.id]);
    let are_there = [is_there(store, "scheduled").await, is_there(store, "anns").await, is_there(store, "bobs").await];
    assert_eq!(are_there, [false, false, true]);
}
