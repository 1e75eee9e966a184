//! `/second-factor`: the roles of a tenant that need one.

use crate::wire::account::{SecondFactorJson, SetSecondFactorJson};
use axum::Json;
use axum::extract::State;
use milepost_domain::Role;
use milepost_http::{Body, ForTenant, HttpContext, Problem, TenantQuery};
use milepost_service::users;
use std::sync::Arc;

/// Shows the roles whose users need a second factor.
#[utoipa::path(get, path = "/second-factor", tag = "users", params(TenantQuery),
    responses((status = 200, body = SecondFactorJson), (status = 403, body = Problem)))]
pub(crate) async fn get_second_factor(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
) -> Result<Json<SecondFactorJson>, Problem> {
    let roles = users::second_factor_roles(&context.use_cases.users, &request, &tenant).await?;
    Ok(Json(to_json(&roles)))
}

/// Says which roles need a second factor. Their users without one can only set one up from now on.
#[utoipa::path(put, path = "/second-factor", tag = "users", params(TenantQuery), request_body = SetSecondFactorJson,
    responses((status = 200, body = SecondFactorJson), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn set_second_factor(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Body(json): Body<SetSecondFactorJson>,
) -> Result<Json<SecondFactorJson>, Problem> {
    let roles = json.roles.iter().map(|name| Role::parse(name)).collect::<Result<Vec<_>, _>>();
    let mut roles = roles.map_err(|invalid| Problem::invalid("roles", invalid.message))?;
    roles.sort_unstable();
    roles.dedup();
    users::set_second_factor_roles(&context.use_cases.users, &request, &tenant, &roles).await?;
    Ok(Json(to_json(&roles)))
}

fn to_json(roles: &[Role]) -> SecondFactorJson {
    SecondFactorJson { roles: roles.iter().map(|role| role.as_str().to_owned()).collect() }
}
