//! Signs links in mails by which their readers end them.

use crate::{Access, AccessError};
use milepost_domain::{EmailAddress, ReportScheduleId, UserId};

/// What the signatures are for, so that each is good for nothing else.
const PURPOSE: &str = "unsubscribe";
const PURPOSE_OF_REPORTS: &str = "unsubscribe-report";

impl Access {
    /// The token of a link that ends mails about alerts for a user with this address.
    pub fn sign_unsubscribe(&self, user: UserId, email: &EmailAddress) -> String {
        format!("{user}.{}", self.tokens.seal(PURPOSE, &text(user, email)))
    }

    /// The token of a link that ends the mails of a report schedule for a user with this address.
    pub fn sign_report_unsubscribe(&self, user: UserId, email: &EmailAddress, schedule: ReportScheduleId) -> String {
        let text = text_of_report(user, email, schedule);
        format!("{user}.{schedule}.{}", self.tokens.seal(PURPOSE_OF_REPORTS, &text))
    }

    /// The user of a link about alerts, if it still has the address that the link was for.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be read.
    pub async fn user_of_unsubscribe(&self, token: &str) -> Result<Option<UserId>, AccessError> {
        let parts = token.split_once('.');
        let Some((id, seal)) = parts.and_then(|(id, seal)| Some((UserId::new(id.parse().ok()?).ok()?, seal))) else {
            return Ok(None);
        };
        let email = self.address(id).await?;
        Ok(email.filter(|email| self.tokens.is_sealed(PURPOSE, &text(id, email), seal)).map(|_| id))
    }

    /// The user and the report schedule of a link about one, if the user still has the address that the link was for.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be read.
    pub async fn reader_of_report(&self, token: &str) -> Result<Option<(UserId, ReportScheduleId)>, AccessError> {
        let Some((id, schedule, seal)) = parts_of_report(token) else { return Ok(None) };
        let email = self.address(id).await?;
        let is_good = |email: &EmailAddress| {
            self.tokens.is_sealed(PURPOSE_OF_REPORTS, &text_of_report(id, email, schedule), seal)
        };
        Ok(email.filter(is_good).map(|_| (id, schedule)))
    }

    async fn address(&self, user: UserId) -> Result<Option<EmailAddress>, AccessError> {
        Ok(self.store.get_user(user).await?.and_then(|user| user.contact.email))
    }
}

/// Whether a token is of a link about a report schedule, good or not.
pub fn is_report_unsubscribe(token: &str) -> bool {
    parts_of_report(token).is_some()
}

fn parts_of_report(token: &str) -> Option<(UserId, ReportScheduleId, &str)> {
    let (user, rest) = token.split_once('.')?;
    let (schedule, seal) = rest.split_once('.')?;
    Some((UserId::new(user.parse().ok()?).ok()?, ReportScheduleId::new(schedule.parse().ok()?).ok()?, seal))
}

fn text(user: UserId, email: &EmailAddress) -> String {
    format!("{user} {}", email.as_str())
}

fn text_of_report(user: UserId, email: &EmailAddress, schedule: ReportScheduleId) -> String {
    format!("{user} {schedule} {}", email.as_str())
}
