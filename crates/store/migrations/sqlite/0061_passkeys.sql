-- Passkeys: keys of authenticators, which stand beside a password as second factors.

create table passkeys (
    passkey_no    integer primary key autoincrement,
    user_id       integer not null references users on delete cascade,
    credential_id blob not null unique, -- the authenticator's name for it
    public_key    blob not null, -- a COSE key
    counter       integer not null, -- of its newest signature; 0 if it counts none
    name          text not null,
    created_ms    integer not null,
    last_used_ms  integer
) strict;
create index passkeys_user on passkeys (user_id, passkey_no);

-- What a challenge is for. Until now all waited for the second factor of a login.
alter table login_challenges add column purpose text not null default 'login';

-- When the user last showed by a passkey that it is still there.
alter table sessions add column confirmed_ms integer;
