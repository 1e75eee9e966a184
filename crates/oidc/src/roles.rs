//! Groups become roles by a list of the operator.

use milepost_domain::Role;

/// Roles with the widest first: of several mapped groups the first role here wins.
const BY_WIDTH: [Role; 10] = [
    Role::Superadmin,
    Role::Admin,
    Role::Manager,
    Role::TrainingStaff,
    Role::Driver,
    Role::Rider,
    Role::Merchant,
    Role::Client,
    Role::Parent,
    Role::Cadet,
];

/// A role for each of some groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleMap(Vec<(String, Role)>);

impl RoleMap {
    /// Reads entries such as `fleet-admins=admin`. The role stands after the last `=`.
    ///
    /// # Errors
    /// The first entry that is none.
    pub fn new(listed: &[String]) -> Result<Self, String> {
        let read = |entry: &String| {
            let (group, role) = entry.rsplit_once('=')?;
            let role = Role::parse(role.trim()).ok()?;
            (!group.trim().is_empty()).then(|| (group.trim().to_owned(), role))
        };
        listed.iter().map(|entry| read(entry).ok_or_else(|| entry.clone())).collect::<Result<_, _>>().map(Self)
    }

    /// The highest role of these groups. Upper and lower case differ.
    pub fn role_of(&self, groups: &[String]) -> Option<Role> {
        let mapped = |role: &Role| self.0.iter().any(|(group, mapped)| mapped == role && groups.contains(group));
        BY_WIDTH.into_iter().find(mapped)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{BY_WIDTH, RoleMap};
    use milepost_domain::Role;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_highest_role_of_a_users_groups_counts_and_their_case_does() {
        let map = RoleMap::new(&texts(&["drivers=driver", "fleet-admins=admin", "cn=x,=manager"])).unwrap();
        for (groups, role) in [
            (&["drivers"][..], Some(Role::Driver)),
            (&["drivers", "fleet-admins"], Some(Role::Admin)),
            (&["Drivers", "other"], None),
            (&[], None),
        ] {
            assert_eq!(map.role_of(&texts(groups)), role, "{groups:?}");
        }
        assert_eq!(RoleMap::new(&texts(&["drivers=captain"])), Err("drivers=captain".to_owned()));
        assert!(RoleMap::new(&texts(&["=admin"])).is_err() && RoleMap::new(&texts(&["admin"])).is_err());
    }

    #[test]
    fn every_role_has_a_place() {
        assert!(Role::ALL.iter().all(|role| BY_WIDTH.contains(role)));
    }
}
