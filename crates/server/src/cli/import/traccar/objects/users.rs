//! Brings over users, with their passwords and what they see.

use super::ObjectImport;
use super::sight::Sight;
use anyhow::Result;
use milepost_access::{Pbkdf2Digest, Pbkdf2Hash};
use milepost_dialect_traccar::import::{ForeignObject, ForeignPassword, ForeignUser};
use milepost_domain::{EntryKind, Role, User, UserId, VehicleId};
use milepost_store::{NewEntry, NewLogin, Once};
use milepost_traccar_source::Found;
use std::collections::{BTreeSet, HashSet};

/// The most vehicles that one user sees by its own.
const MAX_VEHICLES_OF_USER: usize = 10_000;

impl ObjectImport<'_> {
    pub(super) async fn add_users(&mut self, objects: Vec<(ForeignObject, Found)>, sight: &Sight<'_>) -> Result<()> {
        let kind = EntryKind::User;
        let entries: HashSet<i64> = self.entries(kind).await?.into_iter().map(|entry| entry.id).collect();
        for (object, found) in objects {
            let user = match object.user() {
                Ok(user) if user.is_temporary => {
                    self.report.note("guests of shared links: share again here", object.name());
                    continue;
                }
                Ok(user) => user,
                Err(why) => {
                    self.report.note(why, object.name());
                    continue;
                }
            };
            let mut seen: Vec<VehicleId> = sight.vehicles_of(kind, object.id()).into_iter().collect();
            if user.is_administrator {
                seen.clear();
            } else if seen.len() > MAX_VEHICLES_OF_USER {
                self.report.note(format!("a user sees {MAX_VEHICLES_OF_USER} devices at most"), object.name());
                seen.truncate(MAX_VEHICLES_OF_USER);
            }
            let known = match self.here.get(&(kind, object.id())) {
                Some(id) => {
                    match self.store.get_user(UserId::new(*id)?).await?.filter(|user| user.tenant == *self.tenant) {
                        Some(user) => Some(user),
                        None => {
                            self.forget_removed(kind, object.id());
                            continue;
                        }
                    }
                }
                None => {
                    let name = user.username.as_str();
                    let logins = self.store.find_logins(Some(self.tenant), [name, name]).await?;
                    logins.into_iter().next().map(|login| login.user)
                }
            };
            let id = match known {
                Some(known) => {
                    self.show_vehicles(&known, seen).await?;
                    self.report.counts(kind).known += 1;
                    known.id
                }
                None => self.add_user(&object, &found, user, seen).await?,
            };
            match object.entry() {
                Ok((name, body)) if !entries.contains(&id.get()) => {
                    let new = NewEntry { kind, id: Some(id.get()), name, body };
                    self.store.put_entry(self.tenant, &new, self.now).await?;
                }
                Ok(_) => {}
                Err(why) => self.report.note(why, object.name()),
            }
            self.link_up(kind, object.id(), id.get());
        }
        self.note_fresh().await
    }

    async fn add_user(
        &mut self,
        object: &ForeignObject,
        found: &Found,
        user: ForeignUser,
        vehicle_ids: Vec<VehicleId>,
    ) -> Result<UserId> {
        let password = found.cell("hashedpassword").zip(found.cell("salt"));
        let password = password.and_then(|(hashed, salt)| ForeignPassword::read(hashed, salt));
        let password_hash = password.and_then(|ForeignPassword { is_sha256, iterations, salt, hash }| {
            let digest = if is_sha256 { Pbkdf2Digest::Sha256 } else { Pbkdf2Digest::Sha1 };
            Pbkdf2Hash::new(digest, iterations, salt, hash).map(|hash| hash.to_phc())
        });
        let has_expired = user.expires_at.is_some_and(|at| at <= self.now);
        let notes = [
            (password_hash.is_none(), "users without a password: invite them, or set one"),
            (
                found.cell("totpkey").is_some_and(|key| !key.is_empty()),
                "users whose second factor has to be set up again",
            ),
            (has_expired, "users that had expired are locked out"),
            (user.expires_at.is_some() && !has_expired, "users that expire there do not expire here"),
            (user.adds_objects && !user.is_administrator, "users that add devices or users there change none here"),
        ];
        for (_, why) in notes.into_iter().filter(|(applies, _)| *applies) {
            self.report.note(why, object.name());
        }
        let new = NewLogin {
            username: user.username,
            password_hash,
            role: if user.is_administrator { Role::Admin } else { Role::Parent },
            tenant: self.tenant.clone(),
            approved: true,
            active: !user.is_disabled && !has_expired,
            cadet_id: None,
            vehicle_ids,
            contact: user.contact,
        };
        let added = self.store.add_user(&new, self.now, &Once::unclaimed()).await?;
        self.report.counts(EntryKind::User).added += 1;
        Ok(added.id)
    }

    /// Lets a user that was there before see what it sees there.
    async fn show_vehicles(&self, user: &User, seen: Vec<VehicleId>) -> Result<()> {
        let all: BTreeSet<VehicleId> = user.vehicle_ids.iter().cloned().chain(seen).collect();
        let is_own_list = user.role == Role::Parent;
        if !is_own_list || all.len() == user.vehicle_ids.len() || all.len() > MAX_VEHICLES_OF_USER {
            return Ok(());
        }
        let changed = User { vehicle_ids: all.into_iter().collect(), version: user.version + 1, ..user.clone() };
        self.store.update_user(&changed, None, self.now).await?;
        Ok(())
    }
}
