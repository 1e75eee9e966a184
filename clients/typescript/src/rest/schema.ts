// Made of the server's OpenAPI document by `make types`; not written by hand.

export interface paths {
    "/api/events": {
        parameters: {
        };
        /**
         * Streams changes of records as server-sent events.
         * @description Streams changes of records as server-sent events.
         *
         *     Devices may call it with their key.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["stream_events"];
    };
    "/api/token": {
        parameters: {
        };
        /**
         * Gives an access and a refresh token for a username and password.
         * @description Gives an access and a refresh token for a username and password.
         */
        post: operations["issue_tokens"];
    };
    "/api/token/refresh": {
        parameters: {
        };
        /**
         * Gives a new access token for a refresh token.
         * @description Gives a new access token for a refresh token.
         */
        post: operations["refresh_token"];
    };
    "/api/v1/access-tokens": {
        parameters: {
        };
        /**
         * Lists access tokens in the order of their numbers, without what the programs send.
         * @description Lists access tokens in the order of their numbers, without what the programs send.
         */
        get: operations["list_access_tokens"];
        /**
         * Makes an access token for a program. Only this answer shows the token.
         * @description Makes an access token for a program. Only this answer shows the token.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_access_token"];
    };
    "/api/v1/access-tokens/{id}": {
        parameters: {
        };
        /**
         * Removes an access token. It is refused from now on, and its connections close within a second.
         * @description Removes an access token. It is refused from now on, and its connections close within a second.
         */
        delete: operations["remove_access_token"];
    };
    "/api/v1/alerts": {
        parameters: {
        };
        /**
         * Lists the alerts that the caller may see and that have not expired, newest first.
         * @description Admins and managers see the company's alerts, other users those that are addressed to them.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_alerts"];
        /**
         * Raises an alert and publishes it to everyone who may see it.
         * @description Raises an alert and publishes it to everyone who may see it.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["raise_alert"];
    };
    "/api/v1/alerts/{id}": {
        parameters: {
        };
        /**
         * Deletes an alert for all who may see it, and publishes that.
         * @description Deletes an alert for all who may see it, and publishes that.
         *
         *     An access token needs the scope `manage`.
         */
        delete: operations["delete_alert"];
    };
    "/api/v1/alerts/{id}/read": {
        parameters: {
        };
        /**
         * Marks an alert read for all who may see it, and publishes that. A second call gets the answer of the first.
         * @description Marks an alert read for all who may see it, and publishes that. A second call gets the answer of the first.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["mark_alert_read"];
    };
    "/api/v1/asyncapi.json": {
        parameters: {
        };
        /**
         * Shows the document that describes the live protocol.
         * @description Shows the document that describes the live protocol.
         */
        get: operations["show_asyncapi"];
    };
    "/api/v1/audit": {
        parameters: {
        };
        /**
         * Lists who did what to what, the newest first.
         * @description With `format=csv` the answer is a file with all rows that fit the filters.
         */
        get: operations["list_audit"];
    };
    "/api/v1/cadets": {
        parameters: {
        };
        /**
         * Lists cadets in the order of their numbers: staff see all of the tenant, a cadet sees itself.
         * @description Lists cadets in the order of their numbers: staff see all of the tenant, a cadet sees itself.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_cadets"];
        /**
         * Enters a cadet.
         * @description Enters a cadet.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_cadet"];
    };
    "/api/v1/cadets/{id}": {
        parameters: {
        };
        /**
         * Shows a cadet with its totals and its latest training days. Each change of its records gives it another `ETag`.
         * @description Shows a cadet with its totals and its latest training days. Each change of its records gives it another `ETag`.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["get_cadet"];
    };
    "/api/v1/cadets/{id}/attendance": {
        parameters: {
        };
        /**
         * Lists a cadet's attendance, the highest training day first.
         * @description Lists a cadet's attendance, the highest training day first.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_attendance"];
    };
    "/api/v1/cadets/{id}/attendance/{training_day_id}": {
        parameters: {
        };
        /**
         * Enters a cadet's attendance of a training day, or replaces it. A change is published to the cadet and its staff.
         * @description `attendance_present` counts only `present`.
         *
         *     An access token needs the scope `manage`.
         */
        put: operations["record_attendance"];
    };
    "/api/v1/cadets/{id}/grades": {
        parameters: {
        };
        /**
         * Lists a cadet's merits and demerits, newest first, without those taken back.
         * @description Lists a cadet's merits and demerits, newest first, without those taken back.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_grades"];
        /**
         * Gives a merit or demerit. The cadet and its staff get it with the new totals.
         * @description Gives a merit or demerit. The cadet and its staff get it with the new totals.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["give_grade"];
    };
    "/api/v1/cadets/{id}/grades/{grade_id}": {
        parameters: {
        };
        /**
         * Takes a merit or demerit back. The cadet and its staff get the new totals.
         * @description Takes a merit or demerit back. The cadet and its staff get the new totals.
         *
         *     An access token needs the scope `manage`.
         */
        delete: operations["take_back_grade"];
    };
    "/api/v1/cadets/{id}/scores": {
        parameters: {
        };
        /**
         * Enters, changes or takes back scores. The differences are published to the cadet and its staff.
         * @description Enters, changes or takes back scores. The differences are published to the cadet and its staff.
         *
         *     An access token needs the scope `manage`.
         */
        patch: operations["change_scores"];
    };
    "/api/v1/dashboard": {
        parameters: {
        };
        /**
         * Shows the fleet's statistics, running trips included: of the last 24 hours, or of another time.
         * @description Of a trip that began before the time or ended after it, the part within it counts. A time is counted in quarters of an hour
         *     that begin in it, and may be 32 days long.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["get_dashboard"];
    };
    "/api/v1/deliveries": {
        parameters: {
        };
        /**
         * Lists the deliveries whose links still work, newest first.
         * @description An admin, manager or superadmin sees all of the tenant, a merchant those that it started, a rider its own.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_deliveries"];
    };
    "/api/v1/deliveries/{id}/proofs": {
        parameters: {
        };
        /**
         * Lists the proofs of a delivery, by the session's link or its order.
         * @description Lists the proofs of a delivery, by the session's link or its order.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_proofs"];
        /**
         * Adds a proof of delivery, by the session's link or its order.
         * @description Adds a proof of delivery, by the session's link or its order.
         *
         *     An access token needs the scope `ingest`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_proof"];
    };
    "/api/v1/deliveries/{id}/proofs/{proof_id}/files/{file}": {
        parameters: {
        };
        /**
         * Gives a picture of a proof, as a file.
         * @description Gives a picture of a proof, as a file.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["read_proof_file"];
    };
    "/api/v1/devices": {
        parameters: {
        };
        /**
         * Lists devices in the order of their ids.
         * @description Lists devices in the order of their ids.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_devices"];
        /**
         * Adds a device. Only this answer shows its secret key.
         * @description Adds a device. Only this answer shows its secret key.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_device"];
    };
    "/api/v1/devices/unknown": {
        parameters: {
        };
        /**
         * Lists devices that reported and that nobody has added, the newest first.
         * @description Lists devices that reported and that nobody has added, the newest first.
         */
        get: operations["list_unknown_devices"];
    };
    "/api/v1/devices/unknown/{id}/adopt": {
        parameters: {
        };
        /**
         * Adds an unknown device for a vehicle. Only this answer shows its secret key.
         * @description Adds an unknown device for a vehicle. Only this answer shows its secret key.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["adopt_device"];
    };
    "/api/v1/devices/{id}": {
        parameters: {
        };
        /**
         * Shows a device, without its key.
         * @description Shows a device, without its key.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["get_device"];
        /**
         * Removes a device. Its key is refused from now on.
         * @description Removes a device. Its key is refused from now on.
         *
         *     An access token needs the scope `manage`.
         */
        delete: operations["remove_device"];
        /**
         * Changes a device. One that is moved to another vehicle reports for the former one what lies before the move.
         * @description Changes a device. One that is moved to another vehicle reports for the former one what lies before the move.
         *
         *     An access token needs the scope `manage`.
         */
        patch: operations["change_device"];
    };
    "/api/v1/devices/{id}/commands": {
        parameters: {
        };
        /**
         * Lists the commands of a device, the newest first.
         * @description Lists the commands of a device, the newest first.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_commands"];
        /**
         * Sends a command to a tracker.
         * @description It is written to the connection that the tracker holds open. If there is none, it waits, and is written once when the tracker connects
         *     or reports next. A command of an open connection's protocol that does not have it is refused.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["issue_command"];
    };
    "/api/v1/duty": {
        parameters: {
        };
        /**
         * Shows whether the caller, a driver or rider, is on duty.
         * @description Shows whether the caller, a driver or rider, is on duty.
         */
        get: operations["get_duty"];
        /**
         * The caller goes off duty, or comes back. Of off-duty time nothing is kept.
         * @description The caller goes off duty, or comes back. Of off-duty time nothing is kept.
         */
        put: operations["change_duty"];
    };
    "/api/v1/fleet/rules": {
        parameters: {
        };
        /**
         * Shows the thresholds that apply to the tenant's vehicles.
         * @description Shows the thresholds that apply to the tenant's vehicles.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["get_rules"];
        /**
         * Changes thresholds. They apply to positions from now on; history stays as it is.
         * @description Changes thresholds. They apply to positions from now on; history stays as it is.
         *
         *     An access token needs the scope `manage`.
         */
        patch: operations["change_rules"];
    };
    "/api/v1/geofences": {
        parameters: {
        };
        /**
         * Lists geofences in the order of their numbers.
         * @description With long geometries a page may hold fewer than `limit` and still have a next one.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_geofences"];
        /**
         * Adds a geofence.
         * @description From now on vehicles that enter and leave it are published. A vehicle that drives inside it enters it with its next
         *     position. A vehicle that stands inside it enters it when it moves.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_geofence"];
    };
    "/api/v1/geofences/{id}": {
        parameters: {
        };
        /**
         * Shows a geofence.
         * @description Shows a geofence.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["get_geofence"];
        /**
         * Removes a geofence. Visits and crossings that were published stay as they are.
         * @description Removes a geofence. Visits and crossings that were published stay as they are.
         *
         *     An access token needs the scope `manage`.
         */
        delete: operations["remove_geofence"];
        /**
         * Changes a geofence.
         * @description Changes a geofence.
         *
         *     An access token needs the scope `manage`.
         */
        patch: operations["change_geofence"];
    };
    "/api/v1/jobs/{id}": {
        parameters: {
        };
        /**
         * Shows how far a job is. It is kept for a day after its end.
         * @description Shows how far a job is. It is kept for a day after its end.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["get_job"];
    };
    "/api/v1/jobs/{id}/mail": {
        parameters: {
        };
        /**
         * Mails the file of a report that is made to the caller, who may see it. The answer is 409 for one that is not made yet, where the server sends
         *     no mail, and for a caller without a confirmed address.
         * @description Mails the file of a report that is made to the caller, who may see it. The answer is 409 for one that is not made yet, where the server sends
         *     no mail, and for a caller without a confirmed address.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["mail_report"];
    };
    "/api/v1/jobs/{id}/result": {
        parameters: {
        };
        /**
         * The file that a job made.
         * @description The file that a job made.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["read_job_result"];
    };
    "/api/v1/kiosks/{device_id}/location": {
        parameters: {
        };
        /**
         * Stores a kiosk's ping. The answer comes after it is durable.
         * @description Stores a kiosk's ping. The answer comes after it is durable.
         */
        post: operations["record_location"];
    };
    "/api/v1/messages": {
        parameters: {
        };
        /**
         * Lists the messages to the caller, newest first.
         * @description Lists the messages to the caller, newest first.
         */
        get: operations["list_messages"];
        /**
         * Sends a message to each of some users, all or none. Connected users get it at once.
         * @description The sender chooses the fields, except `id`, `sender_id`, `is_read`, `created_at` and `read_at`: the server writes these
         *     and drops the sender's values for them.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["send_messages"];
    };
    "/api/v1/messages/{id}/read": {
        parameters: {
        };
        /**
         * Marks a message to the caller read. The caller's other connections get the change.
         * @description Marks a message to the caller read. The caller's other connections get the change.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["read_message"];
    };
    "/api/v1/notifications": {
        parameters: {
        };
        /**
         * Lists the caller's own notifications, newest first.
         * @description Lists the caller's own notifications, newest first.
         */
        get: operations["list_notifications"];
        /**
         * Sends a notification to each of some users, all or none. Connected users get it at once.
         * @description Sends a notification to each of some users, all or none. Connected users get it at once.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["send_notifications"];
    };
    "/api/v1/notifications/{id}/read": {
        parameters: {
        };
        /**
         * Marks one of the caller's own notifications read. The caller's other connections get the change.
         * @description Marks one of the caller's own notifications read. The caller's other connections get the change.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["read_notification"];
    };
    "/api/v1/openapi.json": {
        parameters: {
        };
        /**
         * Shows this document.
         * @description Shows this document.
         */
        get: operations["get_openapi"];
    };
    "/api/v1/outgoing": {
        parameters: {
        };
        /**
         * Lists outgoing calls, newest first.
         * @description Lists outgoing calls, newest first.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_outgoing_calls"];
    };
    "/api/v1/outgoing/{id}/retry": {
        parameters: {
        };
        /**
         * Makes a dead call due again.
         * @description Makes a dead call due again.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["retry_outgoing_call"];
    };
    "/api/v1/parcels": {
        parameters: {
        };
        /**
         * Lists the parcels that the caller may see, in the order of their numbers.
         * @description An admin, manager or superadmin sees all parcels of the tenant, a client its own, a driver those assigned to it. With
         *     `status` a page may hold fewer than `limit`, or none, and still have a next one.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_parcels"];
        /**
         * Adds a parcel: `pending`, or `assigned` with a driver.
         * @description Adds a parcel: `pending`, or `assigned` with a driver.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_parcel"];
    };
    "/api/v1/parcels/{id}": {
        parameters: {
        };
        /**
         * Shows a parcel.
         * @description Shows a parcel.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["get_parcel"];
        /**
         * Assigns a parcel to a driver, or changes its status. Its followers get the change.
         * @description An admin or manager may change both, the assigned driver only the status. Assigning a driver to a `pending` parcel makes
         *     it `assigned`, and taking the driver off an `assigned` parcel makes it `pending`, unless the request names a `status`.
         *     `delivered` and `cancelled` are final: another change is answered 409.
         *
         *     An access token needs the scope `manage`.
         */
        patch: operations["change_parcel"];
    };
    "/api/v1/parcels/{id}/path": {
        parameters: {
        };
        /**
         * Shows where a parcel's drivers were while they carried it, oldest first.
         * @description Shows where a parcel's drivers were while they carried it, oldest first.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["read_parcel_path"];
    };
    "/api/v1/positions": {
        parameters: {
        };
        /**
         * Shows where the vehicles were at a moment: the last position of each, in the order of the vehicles' ids.
         * @description A page holds the vehicles that had one among `limit` vehicles, so that it may be shorter and there may be further ones.
         *
         *     Devices may call it with their key.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_positions_at"];
        /**
         * Records positions. The answer comes after they are durable.
         * @description One object, or an array of up to 10,000. The same point (vehicle and timestamp) sent again is a duplicate.
         *
         *     Devices may call it with their key.
         *
         *     An access token needs the scope `ingest`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["record_positions"];
    };
    "/api/v1/push/key": {
        parameters: {
        };
        /**
         * Shows the key that pages subscribe with.
         * @description Shows the key that pages subscribe with.
         */
        get: operations["get_push_key"];
    };
    "/api/v1/push/subscriptions": {
        parameters: {
        };
        /**
         * Lists the caller's browsers, all on one page.
         * @description Lists the caller's browsers, all on one page.
         */
        get: operations["list_push_subscriptions"];
        /**
         * Adds a browser of the caller, or refreshes a known one (200). The eleventh replaces the one that was refreshed longest ago.
         * @description Adds a browser of the caller, or refreshes a known one (200). The eleventh replaces the one that was refreshed longest ago.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_push_subscription"];
    };
    "/api/v1/push/subscriptions/{id}": {
        parameters: {
        };
        /**
         * Removes a browser of the caller, with its pending pushes.
         * @description Removes a browser of the caller, with its pending pushes.
         */
        delete: operations["remove_push_subscription"];
    };
    "/api/v1/report-schedules": {
        parameters: {
        };
        /**
         * Lists report schedules in the order of their numbers: all of the tenant for its admins, and one's own for others.
         * @description Lists report schedules in the order of their numbers: all of the tenant for its admins, and one's own for others.
         */
        get: operations["list_report_schedules"];
        /**
         * Makes a report schedule: a report is made after each day, week or month, and mailed to its receivers with its file.
         * @description Users make their own, of what they may see. A report is made with the permissions that its owner has then; an owner who may not log in or
         *     see it any more gets none. Where the server sends no mail, the answer is 409.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_report_schedule"];
    };
    "/api/v1/report-schedules/{id}": {
        parameters: {
        };
        /**
         * Shows a report schedule.
         * @description Shows a report schedule.
         */
        get: operations["get_report_schedule"];
        /**
         * Removes a report schedule. A report that it has begun is made, and mailed to nobody.
         * @description Removes a report schedule. A report that it has begun is made, and mailed to nobody.
         */
        delete: operations["remove_report_schedule"];
        /**
         * Changes a report schedule. A change of its time counts from now on: nothing that was missed is made up for.
         * @description Changes a report schedule. A change of its time counts from now on: nothing that was missed is made up for.
         */
        patch: operations["change_report_schedule"];
    };
    "/api/v1/reports": {
        parameters: {
        };
        /**
         * Begins to make a report of the trips, stops, mileage, utilisation, fuel, geofence visits or speeding of a time.
         * @description It is computed of what was found in the tracks when they came in. Trips, stops, visits and speeding belong to the day on which they
         *     began; mileage and utilisation are sums over quarters of an hour, but for drivers, whose trips count. What is not known is blank.
         *
         *     Parents make reports of their vehicles' trips, stops, mileage and utilisation. Drivers and riders make those of the trips that they drove:
         *     `trips`, and `mileage` and `utilisation` by driver.
         *
         *     With `mail` the file is mailed to the caller, too. The answer is 409 where the server sends no mail, or the caller has no confirmed address.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["make_report"];
    };
    "/api/v1/roaming-fences": {
        parameters: {
        };
        /**
         * Lists roaming fences in the order of their numbers.
         * @description Lists roaming fences in the order of their numbers.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_roaming_fences"];
        /**
         * Adds a roaming fence: a circle that moves with vehicles.
         * @description From now on an alert is raised when two of its vehicles meet, and when they part again. Vehicles that are near each other already
         *     meet at once.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_roaming_fence"];
    };
    "/api/v1/roaming-fences/{id}": {
        parameters: {
        };
        /**
         * Shows a roaming fence.
         * @description Shows a roaming fence.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["get_roaming_fence"];
        /**
         * Removes a roaming fence with its encounters. Alerts that it raised stay.
         * @description Removes a roaming fence with its encounters. Alerts that it raised stay.
         *
         *     An access token needs the scope `manage`.
         */
        delete: operations["remove_roaming_fence"];
        /**
         * Changes a roaming fence. Encounters that it does not concern any more end without an alert.
         * @description Changes a roaming fence. Encounters that it does not concern any more end without an alert.
         *
         *     An access token needs the scope `manage`.
         */
        patch: operations["change_roaming_fence"];
    };
    "/api/v1/roaming-fences/{id}/encounters": {
        parameters: {
        };
        /**
         * Lists the encounters of a roaming fence in which vehicles met, newest first.
         * @description Lists the encounters of a roaming fence in which vehicles met, newest first.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_encounters"];
    };
    "/api/v1/second-factor": {
        parameters: {
        };
        /**
         * Shows the roles whose users need a second factor.
         * @description Shows the roles whose users need a second factor.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["get_second_factor"];
        /**
         * Says which roles need a second factor. Their users without one can only set one up from now on.
         * @description Says which roles need a second factor. Their users without one can only set one up from now on.
         */
        put: operations["set_second_factor"];
    };
    "/api/v1/shares": {
        parameters: {
        };
        /**
         * Lists shares in the order of their numbers, without their tokens. Those that have ended or were recalled are listed for a month.
         * @description Lists shares in the order of their numbers, without their tokens. Those that have ended or were recalled are listed for a month.
         */
        get: operations["list_shares"];
        /**
         * Shares vehicles with guests, who see where these are until a time. Only this answer shows the token.
         * @description Shares vehicles with guests, who see where these are until a time. Only this answer shows the token.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_share"];
    };
    "/api/v1/shares/open": {
        parameters: {
        };
        /**
         * Tells a guest what became of the share of its token, and counts the opening of a page. Needs no other credential.
         * @description Tells a guest what became of the share of its token, and counts the opening of a page. Needs no other credential.
         */
        post: operations["open_share"];
    };
    "/api/v1/shares/{id}": {
        parameters: {
        };
        /**
         * Recalls a share. Its token is refused from now on, and its connections close within a second. It is listed for a month.
         * @description Recalls a share. Its token is refused from now on, and its connections close within a second. It is listed for a month.
         */
        delete: operations["remove_share"];
    };
    "/api/v1/stream": {
        parameters: {
        };
        /**
         * Streams the messages of the live protocol as server-sent events.
         * @description Streams the messages of the live protocol as server-sent events.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["follow"];
    };
    "/api/v1/sync-events": {
        parameters: {
        };
        /**
         * Publishes a manual event to a cadet and staff, or to staff alone. It changes no record.
         * @description Publishes a manual event to a cadet and staff, or to staff alone. It changes no record.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["publish_sync_event"];
    };
    "/api/v1/tenants": {
        parameters: {
        };
        /**
         * Lists tenants in the order of their ids.
         * @description Lists tenants in the order of their ids.
         */
        get: operations["list_tenants"];
        /**
         * Adds a tenant.
         * @description Adds a tenant.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_tenant"];
    };
    "/api/v1/tenants/{id}": {
        parameters: {
        };
        /**
         * Changes what is set for a tenant.
         * @description Changes what is set for a tenant.
         *
         *     An access token needs the scope `manage`.
         */
        patch: operations["change_tenant"];
    };
    "/api/v1/trips": {
        parameters: {
        };
        /**
         * Lists the trips of the vehicles that the caller may see, newest first.
         * @description With `driver_id` a page may hold fewer than `limit`, or none, and still have a next one.
         *
         *     Devices may call it with their key.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_trips"];
        /**
         * Starts a trip by hand, now.
         * @description An admin or manager may start one for any vehicle, a driver for its own. Trips found by the positions go on beside it. A
         *     vehicle is on at most one manual trip: another is answered 409.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["start_trip"];
    };
    "/api/v1/trips/{id}": {
        parameters: {
        };
        /**
         * Shows a trip with its path, oldest position first, or its path as a file.
         * @description Shows a trip with its path, oldest position first, or its path as a file.
         *
         *     Devices may call it with their key.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["get_trip"];
    };
    "/api/v1/trips/{id}/cancel": {
        parameters: {
        };
        /**
         * Cancels a manual trip, so that it does not count. A second call gets the answer of the first.
         * @description Cancels a manual trip, so that it does not count. A second call gets the answer of the first.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["cancel_trip"];
    };
    "/api/v1/trips/{id}/complete": {
        parameters: {
        };
        /**
         * Completes a manual trip, now. A second call gets the answer of the first.
         * @description Completes a manual trip, now. A second call gets the answer of the first.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["complete_trip"];
    };
    "/api/v1/trips/{id}/path": {
        parameters: {
        };
        /**
         * Shows where a trip's vehicle was, oldest first. Outliers are left out, so that a page may hold fewer than `limit` and still
         *     have a next one.
         * @description Shows where a trip's vehicle was, oldest first. Outliers are left out, so that a page may hold fewer than `limit` and still
         *     have a next one.
         *
         *     Devices may call it with their key.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["read_trip_path"];
    };
    "/api/v1/users": {
        parameters: {
        };
        /**
         * Lists users in the order of their numbers. A superadmin sees those of all tenants unless it names one.
         * @description Lists users in the order of their numbers. A superadmin sees those of all tenants unless it names one.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_users"];
        /**
         * Adds a user.
         * @description Adds a user.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_user"];
    };
    "/api/v1/users/{id}": {
        parameters: {
        };
        /**
         * Shows a user.
         * @description Shows a user.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["get_user"];
        /**
         * Removes a user with its sessions and connections.
         * @description Removes a user with its sessions and connections.
         *
         *     An access token needs the scope `manage`.
         */
        delete: operations["remove_user"];
        /**
         * Changes a user. The connections of a locked-out user close within a second. The answer that deactivates one lists the access tokens
         *     that it made.
         * @description Changes a user. The connections of a locked-out user close within a second. The answer that deactivates one lists the access tokens
         *     that it made.
         *
         *     An access token needs the scope `manage`.
         */
        patch: operations["change_user"];
    };
    "/api/v1/users/{id}/erasure": {
        parameters: {
        };
        /**
         * Erases a user, after a time in which that can be taken back. Needs a login of the last five minutes, or the caller's password.
         * @description Erases a user, after a time in which that can be taken back. Needs a login of the last five minutes, or the caller's password.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["erase_user"];
        /**
         * Takes the erasure of a user back.
         * @description Takes the erasure of a user back.
         */
        delete: operations["keep_user"];
    };
    "/api/v1/users/{id}/export": {
        parameters: {
        };
        /**
         * Begins to gather all that is known of a user: JSON, and tracks as GPX, in a ZIP file.
         * @description Begins to gather all that is known of a user: JSON, and tracks as GPX, in a ZIP file.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["export_user"];
    };
    "/api/v1/users/{id}/invitation": {
        parameters: {
        };
        /**
         * Makes a link with which a user sets its password. It is good once, for an hour, and only this answer shows it.
         * @description Makes a link with which a user sets its password. It is good once, for an hour, and only this answer shows it.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["invite_user"];
    };
    "/api/v1/users/{id}/off-duty": {
        parameters: {
        };
        /**
         * Lists the times off duty of a driver, the newest first.
         * @description Lists the times off duty of a driver, the newest first.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_off_duty"];
    };
    "/api/v1/users/{id}/passkeys": {
        parameters: {
        };
        /**
         * Removes the passkeys of a user who has lost them.
         * @description Removes the passkeys of a user who has lost them.
         *
         *     An access token needs the scope `manage`.
         */
        delete: operations["reset_passkeys"];
    };
    "/api/v1/users/{id}/totp": {
        parameters: {
        };
        /**
         * Removes the second factor of a user who can't use it any more.
         * @description Removes the second factor of a user who can't use it any more.
         *
         *     An access token needs the scope `manage`.
         */
        delete: operations["reset_second_factor"];
    };
    "/api/v1/vehicles": {
        parameters: {
        };
        /**
         * Lists the vehicles that the caller may see, with their last positions, in the order of their ids.
         * @description With `near` those that are nearest to a place, the nearest first, with their distances, on one page. With `within` those in a
         *     region. Both leave out vehicles whose place is not known.
         *
         *     Devices may call it with their key.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_vehicles"];
        /**
         * Adds a vehicle.
         * @description Adds a vehicle.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_vehicle"];
    };
    "/api/v1/vehicles/{id}": {
        parameters: {
        };
        /**
         * Shows a vehicle with its last position. Its `ETag` is that of the description, and stays while the vehicle moves.
         * @description Shows a vehicle with its last position. Its `ETag` is that of the description, and stays while the vehicle moves.
         *
         *     Devices may call it with their key.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["get_vehicle"];
        /**
         * Removes a vehicle with its devices, positions, trips and alerts. Users and geofences no longer name it: a vehicle that is made
         *     anew under its id inherits nothing.
         * @description Removes a vehicle with its devices, positions, trips and alerts. Users and geofences no longer name it: a vehicle that is made
         *     anew under its id inherits nothing.
         *
         *     An access token needs the scope `manage`.
         */
        delete: operations["remove_vehicle"];
        /**
         * Changes a vehicle. Its viewers get the change.
         * @description Changes a vehicle. Its viewers get the change.
         *
         *     An access token needs the scope `manage`.
         */
        patch: operations["change_vehicle"];
    };
    "/api/v1/vehicles/{id}/positions": {
        parameters: {
        };
        /**
         * Shows where a vehicle was, oldest first. Positions that are held to be wrong are left out, unless `outliers` asks for them.
         * @description Shows where a vehicle was, oldest first. Positions that are held to be wrong are left out, unless `outliers` asks for them.
         *
         *     Devices may call it with their key.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["read_track"];
    };
    "/api/v1/webhooks": {
        parameters: {
        };
        /**
         * Lists webhooks in the order of their numbers.
         * @description Lists webhooks in the order of their numbers.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_webhooks"];
        /**
         * Adds a webhook. Only this answer shows its secret.
         * @description Adds a webhook. Only this answer shows its secret.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_webhook"];
    };
    "/api/v1/webhooks/{id}": {
        parameters: {
        };
        /**
         * Shows a webhook, without its secret.
         * @description Shows a webhook, without its secret.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["get_webhook"];
        /**
         * Removes a webhook with its deliveries, sent or not.
         * @description Removes a webhook with its deliveries, sent or not.
         *
         *     An access token needs the scope `manage`.
         */
        delete: operations["remove_webhook"];
        /**
         * Changes a webhook.
         * @description Changes a webhook.
         *
         *     An access token needs the scope `manage`.
         */
        patch: operations["change_webhook"];
    };
    "/api/v1/webhooks/{id}/deliveries": {
        parameters: {
        };
        /**
         * Lists a webhook's deliveries, newest first.
         * @description Lists a webhook's deliveries, newest first.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_webhook_deliveries"];
    };
    "/api/v1/webhooks/{id}/deliveries/{delivery_id}/retry": {
        parameters: {
        };
        /**
         * Makes a dead delivery due again.
         * @description Makes a dead delivery due again.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["retry_webhook_delivery"];
    };
    "/api/v1/webhooks/{id}/rotate-secret": {
        parameters: {
        };
        /**
         * Replaces a webhook's secret. Only this answer shows the new one. For a while calls are signed with the old one too.
         * @description Replaces a webhook's secret. Only this answer shows the new one. For a while calls are signed with the old one too.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["rotate_webhook_secret"];
    };
    "/api/v1/webhooks/{id}/test": {
        parameters: {
        };
        /**
         * Sends a test call to a webhook, with the type `webhook.test`. It is signed and retried like all other calls.
         * @description Sends a test call to a webhook, with the type `webhook.test`. It is signed and retried like all other calls.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["test_webhook"];
    };
    "/auth/email": {
        parameters: {
        };
        /**
         * Shows the caller's e-mail address, and whether its mail server refuses it.
         * @description Shows the caller's e-mail address, and whether its mail server refuses it.
         */
        get: operations["get_email"];
        /**
         * Sends a link to an address that the caller says is its own: the present one if none is named. Another one needs a login of the last five minutes, or the password.
         * @description Sends a link to an address that the caller says is its own: the present one if none is named. Another one needs a login of the last five minutes, or the password.
         */
        post: operations["request_confirmation"];
    };
    "/auth/email/confirm": {
        parameters: {
        };
        /**
         * Gives a link's user the address that the link was sent to.
         * @description Gives a link's user the address that the link was sent to.
         */
        post: operations["confirm_email"];
    };
    "/auth/login": {
        parameters: {
        };
        /**
         * Opens a browser's session. The answer sets its cookie.
         * @description Opens a browser's session. The answer sets its cookie.
         */
        post: operations["open_session"];
    };
    "/auth/login/passkey": {
        parameters: {
        };
        /**
         * Opens a browser's session with a passkey. The answer sets its cookie. A wrong one ends the login that waits.
         * @description Opens a browser's session with a passkey. The answer sets its cookie. A wrong one ends the login that waits.
         */
        post: operations["answer_with_passkey"];
    };
    "/auth/login/passkey/begin": {
        parameters: {
        };
        /**
         * What a browser asks an authenticator in a login that waits.
         * @description What a browser asks an authenticator in a login that waits.
         */
        post: operations["ask_for_passkey"];
    };
    "/auth/login/totp": {
        parameters: {
        };
        /**
         * Opens a browser's session with a second factor. The answer sets its cookie.
         * @description Opens a browser's session with a second factor. The answer sets its cookie.
         */
        post: operations["answer_challenge"];
    };
    "/auth/logout": {
        parameters: {
        };
        /**
         * Closes the session of the cookie, if there is one.
         * @description Closes the session of the cookie, if there is one.
         */
        post: operations["close_session"];
    };
    "/auth/logout/everywhere": {
        parameters: {
        };
        /**
         * Ends all logins of the caller: sessions, tokens and what was opened with them.
         * @description Ends all logins of the caller: sessions, tokens and what was opened with them.
         */
        post: operations["end_logins"];
    };
    "/auth/me": {
        parameters: {
        };
        /**
         * Shows whose credential it is.
         * @description Shows whose credential it is.
         *
         *     Devices may call it with their key.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["show_caller"];
    };
    "/auth/oidc/backchannel-logout": {
        parameters: {
        };
        /**
         * Ends sessions that the identity provider ended.
         * @description Ends sessions that the identity provider ended.
         */
        post: operations["log_out_by_provider"];
    };
    "/auth/oidc/callback": {
        parameters: {
        };
        /**
         * Opens a browser's session with the provider's answer.
         * @description Opens a browser's session with the provider's answer.
         */
        get: operations["end_login"];
    };
    "/auth/oidc/start": {
        parameters: {
        };
        /**
         * Sends a browser to the identity provider.
         * @description Sends a browser to the identity provider.
         */
        get: operations["begin_login"];
    };
    "/auth/passkeys": {
        parameters: {
        };
        /**
         * The caller's passkeys, the oldest first.
         * @description The caller's passkeys, the oldest first.
         */
        get: operations["list_passkeys"];
        /**
         * Adds the passkey that a browser made. Only this answer shows the recovery codes, which come with the first second factor.
         * @description Adds the passkey that a browser made. Only this answer shows the recovery codes, which come with the first second factor.
         */
        post: operations["add_passkey"];
    };
    "/auth/passkeys/begin": {
        parameters: {
        };
        /**
         * Begins to add a passkey. Who has a second factor needs a login of the last five minutes, or the password.
         * @description Begins to add a passkey. Who has a second factor needs a login of the last five minutes, or the password.
         */
        post: operations["begin_passkey"];
    };
    "/auth/passkeys/{id}": {
        parameters: {
        };
        /**
         * Removes a passkey of the caller. Needs a login of the last five minutes, or the password.
         * @description Removes a passkey of the caller. Needs a login of the last five minutes, or the password.
         */
        delete: operations["remove_passkey"];
    };
    "/auth/providers": {
        parameters: {
        };
        /**
         * Lists the identity providers at which people may log in.
         * @description Lists the identity providers at which people may log in.
         */
        get: operations["list_providers"];
    };
    "/auth/reset": {
        parameters: {
        };
        /**
         * Sends a link with which a user sets a new password, if there is such a user. The answer is always the same.
         * @description Sends a link with which a user sets a new password, if there is such a user. The answer is always the same.
         */
        post: operations["request_reset"];
    };
    "/auth/reset/confirm": {
        parameters: {
        };
        /**
         * Sets the password of a link's user, and ends the link and all logins of before.
         * @description Sets the password of a link's user, and ends the link and all logins of before.
         */
        post: operations["confirm_reset"];
    };
    "/auth/sessions": {
        parameters: {
        };
        /**
         * Lists the caller's own sessions: its browsers, and the apps that it logged in with.
         * @description Lists the caller's own sessions: its browsers, and the apps that it logged in with.
         */
        get: operations["list_sessions"];
    };
    "/auth/sessions/{id}": {
        parameters: {
        };
        /**
         * Ends a session of the caller, with its tokens and connections.
         * @description Ends a session of the caller, with its tokens and connections.
         */
        delete: operations["end_session"];
    };
    "/auth/step-up": {
        parameters: {
        };
        /**
         * Makes the caller's session as good as a new login for five minutes.
         * @description Makes the caller's session as good as a new login for five minutes.
         */
        post: operations["step_up"];
    };
    "/auth/step-up/begin": {
        parameters: {
        };
        /**
         * What a browser asks an authenticator so that the caller shows to be still there.
         * @description What a browser asks an authenticator so that the caller shows to be still there.
         */
        post: operations["begin_step_up"];
    };
    "/auth/totp": {
        parameters: {
        };
        /**
         * Begins to set up an authenticator app for the caller.
         * @description Begins to set up an authenticator app for the caller.
         */
        post: operations["begin_totp"];
        /**
         * Removes the caller's second factor. Needs a login of the last five minutes, or the password.
         * @description Removes the caller's second factor. Needs a login of the last five minutes, or the password.
         */
        delete: operations["remove_totp"];
    };
    "/auth/totp/confirm": {
        parameters: {
        };
        /**
         * Ends the set-up with a code of the app. Only this answer shows the recovery codes.
         * @description Ends the set-up with a code of the app. Only this answer shows the recovery codes.
         */
        post: operations["confirm_totp"];
    };
    "/devices/gpslogger": {
        parameters: {
        };
        /**
         * Takes a report of GPSLogger from the fields of its URL. The answer comes after it is durable.
         * @description Takes a report of GPSLogger from the fields of its URL. The answer comes after it is durable.
         */
        get: operations["report_gpslogger_url"];
        /**
         * Takes what GPSLogger sends in its body. The answer comes after it is durable.
         * @description Takes what GPSLogger sends in its body. The answer comes after it is durable.
         */
        post: operations["report_gpslogger"];
    };
    "/devices/gpslogger/{id}": {
        parameters: {
        };
        /**
         * Takes a report of GPSLogger from the fields of its URL. The answer comes after it is durable.
         * @description Takes a report of GPSLogger from the fields of its URL. The answer comes after it is durable.
         */
        get: operations["report_named_gpslogger_url"];
        /**
         * Takes what GPSLogger sends in its body. The answer comes after it is durable.
         * @description Takes what GPSLogger sends in its body. The answer comes after it is durable.
         */
        post: operations["report_named_gpslogger"];
    };
    "/devices/osmand": {
        parameters: {
        };
        /**
         * Takes a report of OsmAnd and other apps that report by URL from the fields of its URL. The answer comes after it is durable.
         * @description Takes a report of OsmAnd and other apps that report by URL from the fields of its URL. The answer comes after it is durable.
         */
        get: operations["report_osmand_url"];
        /**
         * Takes what OsmAnd and other apps that report by URL sends in its body. The answer comes after it is durable.
         * @description Takes what OsmAnd and other apps that report by URL sends in its body. The answer comes after it is durable.
         */
        post: operations["report_osmand"];
    };
    "/devices/overland": {
        parameters: {
        };
        /**
         * Takes what Overland sends in its body. The answer comes after it is durable.
         * @description Takes what Overland sends in its body. The answer comes after it is durable.
         */
        post: operations["report_overland"];
    };
    "/devices/owntracks": {
        parameters: {
        };
        /**
         * Takes what OwnTracks sends in its body. The answer comes after it is durable.
         * @description Takes what OwnTracks sends in its body. The answer comes after it is durable.
         */
        post: operations["report_owntracks"];
    };
    "/devices/traccar": {
        parameters: {
        };
        /**
         * Takes a report of Traccar Client from the fields of its URL. The answer comes after it is durable.
         * @description Takes a report of Traccar Client from the fields of its URL. The answer comes after it is durable.
         */
        get: operations["report_traccar_url"];
        /**
         * Takes what Traccar Client sends in its body. The answer comes after it is durable.
         * @description Takes what Traccar Client sends in its body. The answer comes after it is durable.
         */
        post: operations["report_traccar"];
    };
    "/devices/traccar-forward": {
        parameters: {
        };
        /**
         * Takes a position that a Traccar server forwards by forward.type=url. The answer comes after it is durable.
         * @description Takes a position that a Traccar server forwards by forward.type=url. The answer comes after it is durable.
         */
        get: operations["forward_traccar_url"];
        /**
         * Takes a position that a Traccar server forwards by forward.type=json. The answer comes after it is durable.
         * @description Takes a position that a Traccar server forwards by forward.type=json. The answer comes after it is durable.
         */
        post: operations["forward_traccar"];
    };
    "/gtfs-rt/alerts.json": {
        parameters: {
        };
        /**
         * Shows disruptions as a GTFS-Realtime feed in JSON.
         * @description Shows disruptions as a GTFS-Realtime feed in JSON.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["service_alerts_json"];
    };
    "/gtfs-rt/alerts.pb": {
        parameters: {
        };
        /**
         * Shows disruptions as a GTFS-Realtime feed.
         * @description Shows disruptions as a GTFS-Realtime feed.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["service_alerts"];
    };
    "/gtfs-rt/trip-updates.json": {
        parameters: {
        };
        /**
         * Shows expected arrivals at stops as a GTFS-Realtime feed in JSON.
         * @description Shows expected arrivals at stops as a GTFS-Realtime feed in JSON.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["trip_updates_json"];
    };
    "/gtfs-rt/trip-updates.pb": {
        parameters: {
        };
        /**
         * Shows expected arrivals at stops as a GTFS-Realtime feed.
         * @description Shows expected arrivals at stops as a GTFS-Realtime feed.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["trip_updates"];
    };
    "/gtfs-rt/vehicle-positions.json": {
        parameters: {
        };
        /**
         * Shows where vehicles are as a GTFS-Realtime feed in JSON.
         * @description Shows where vehicles are as a GTFS-Realtime feed in JSON.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["vehicle_positions_json"];
    };
    "/gtfs-rt/vehicle-positions.pb": {
        parameters: {
        };
        /**
         * Shows where vehicles are as a GTFS-Realtime feed.
         * @description Shows where vehicles are as a GTFS-Realtime feed.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["vehicle_positions"];
    };
    "/health": {
        parameters: {
        };
        /**
         * Answers while the process runs.
         * @description Answers while the process runs.
         */
        get: operations["health"];
    };
    "/metrics": {
        parameters: {
        };
        /**
         * Shows metrics in Prometheus' text format.
         * @description Shows metrics in Prometheus' text format.
         */
        get: operations["metrics"];
    };
    "/ready": {
        parameters: {
        };
        /**
         * Answers whether the server can serve.
         * @description Answers whether the server can serve.
         */
        get: operations["ready"];
    };
    "/siri/vm.xml": {
        parameters: {
        };
        /**
         * Shows where vehicles are as SIRI Vehicle Monitoring.
         * @description Shows where vehicles are as SIRI Vehicle Monitoring.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["vehicle_monitoring"];
    };
    "/stats/tracking": {
        parameters: {
        };
        /**
         * Counts the active deliveries.
         * @description Counts the active deliveries.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["count_deliveries"];
    };
    "/tracking/rider/{rider_id}": {
        parameters: {
        };
        /**
         * Shows the delivery that a rider has now.
         * @description Shows the delivery that a rider has now.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["find_riders_delivery"];
    };
    "/tracking/start": {
        parameters: {
        };
        /**
         * Starts the tracking of a delivery and makes its link.
         * @description Starts the tracking of a delivery and makes its link.
         *
         *     An access token needs the scope `manage`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["start_delivery"];
    };
    "/tracking/update/{tracking_id}": {
        parameters: {
        };
        /**
         * Changes the location or status of a delivery.
         * @description Changes the location or status of a delivery.
         *
         *     An access token needs the scope `ingest`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["update_delivery"];
    };
    "/tracking/{tracking_id}": {
        parameters: {
        };
        /**
         * Shows a delivery to people with its link.
         * @description Shows a delivery to people with its link.
         */
        get: operations["find_delivery"];
    };
    "/tracking/{tracking_id}/proof": {
        parameters: {
        };
        /**
         * Lists the proofs of a delivery, by the session's link or its order.
         * @description Lists the proofs of a delivery, by the session's link or its order.
         *
         *     An access token needs the scope `read`.
         */
        get: operations["list_proofs_of_order"];
        /**
         * Adds a proof of delivery, by the session's link or its order.
         * @description Adds a proof of delivery, by the session's link or its order.
         *
         *     An access token needs the scope `ingest`.
         *
         *     With an Idempotency-Key the call may be repeated safely.
         */
        post: operations["add_proof_of_order"];
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AccessToken: {
            access: string;
        };
        /** @description A job that was added. */
        AddedJob: {
            /** @description Its id. */
            job: string;
        };
        AddedPasskey: {
            /** Format: int64 */
            id: number;
            /** @description Each is good once, in place of a second factor. */
            recovery_codes: string[];
        };
        AddedProof: {
            files: components["schemas"]["ProofFile"][];
            id: string;
        };
        /** @description An alert. */
        Alert: {
            /** @description An object for programs. */
            data: Record<string, never> | null;
            /** Format: int64 */
            driver_id: number | null;
            /** Format: date-time */
            expires_at: string;
            id: string;
            message: string;
            /** @description True once anybody who may see it has marked it read. */
            read: boolean;
            /** Format: date-time */
            read_at: string | null;
            /**
             * Format: int64
             * @description Number of the user who read it first.
             */
            read_by: number | null;
            /**
             * @description low, medium, high or critical.
             * @enum {string}
             */
            severity: "low" | "medium" | "high" | "critical";
            /** @description There is one unexpired alert for each subject. */
            subject: string | null;
            /**
             * Format: date-time
             * @description When it happened: RFC 3339, UTC, milliseconds.
             */
            timestamp: string;
            title: string;
            /**
             * @description One of the types that `POST /alerts` lists.
             * @enum {string}
             */
            type: "speed_violation" | "geofence_violation" | "maintenance" | "fuel_theft" | "driver_event" | "vehicle_offline" | "system_error" | "payment_received" | "invoice_generated";
            /**
             * Format: int64
             * @description The one user who gets it; null for everyone who sees the whole fleet.
             */
            user_id: number | null;
            vehicle_id: string | null;
        };
        /** @description A cadet's attendance of a training day. */
        Attendance: {
            /**
             * @description present, absent, late or excused.
             * @enum {string}
             */
            status: "present" | "absent" | "late" | "excused";
            /** @description `08:00:00`; null if unknown. */
            time_in: string | null;
            /** @description `17:00:00`; null if unknown. */
            time_out: string | null;
            /**
             * Format: int64
             * @description Number of the training day.
             */
            training_day_id: number;
        };
        /** @description A row of the audit. */
        AuditEntry: {
            /**
             * Format: int64
             * @description The access token of the program that did it.
             */
            access_token: number | null;
            /**
             * @description `kind.verb`.
             * @example geofence.update
             */
            action: string;
            /**
             * Format: int64
             * @description The user who did it; null for a program, the operator, and a login that failed.
             */
            actor: number | null;
            /** @description The client's address. */
            address: string | null;
            /** @description What it is now, in the same way. */
            after: unknown;
            at: string;
            /** @description What it was, without secrets; null if there is nothing to compare, and after a person in it was erased. */
            before: unknown;
            /**
             * Format: int64
             * @description Counts up by one within the tenant.
             */
            id: number;
            /**
             * @description `kind:id`.
             * @example geofence:12
             */
            subject: string | null;
        };
        BackChannelLogout: {
            logout_token: string;
        };
        /** @description A cadet with its totals. */
        Cadet: {
            /** @description Up to 100 training days, the highest first. Lists leave this out. */
            attendance?: components["schemas"]["Attendance"][];
            /**
             * Format: int64
             * @description Training days at which it was `present`.
             */
            attendance_present: number;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            created_at: string;
            /**
             * Format: int64
             * @description Sum of the demerits' points.
             */
            demerit_points: number;
            /**
             * Format: double
             * @description 0 to 100; null until it is entered.
             */
            final_score: number | null;
            /** Format: int64 */
            id: number;
            /**
             * Format: int64
             * @description Sum of the merits' points.
             */
            merit_points: number;
            /**
             * Format: double
             * @description 0 to 100; null until it is entered.
             */
            midterm_score: number | null;
            name: string;
            /**
             * Format: double
             * @description 0 to 100; null until it is entered.
             */
            prelim_score: number | null;
            /** @description Its number in the school's own register. */
            student_id: string | null;
        };
        /**
         * @description The status of a call.
         * @enum {string}
         */
        CallStatus: "pending" | "delivered" | "dead";
        /**
         * @description The receiver of a call.
         * @enum {string}
         */
        CallTarget: "orders" | "notifications" | "webhook" | "push" | "mail";
        ChallengeAnswer: {
            challenge: string;
            /** @description A code of the authenticator app, or a recovery code. */
            code: string;
        };
        /** @description Both coordinates or neither, and at least one field. */
        ChangeDelivery: {
            /** Format: double */
            lat?: number;
            /** Format: double */
            lng?: number;
            /** @enum {string} */
            status?: "ASSIGNED" | "PICKED_UP" | "IN_TRANSIT" | "DELIVERED";
        };
        /** @description The changes of a device. Absent fields stay; null removes a value. */
        ChangeDevice: {
            /** @description Name for people. */
            name?: string | null;
            /**
             * @description The only protocol that it may use.
             * @enum {string|null}
             */
            protocol?: "osmand" | "traccar" | "gpslogger" | "owntracks" | "overland" | "mqtt" | "teltonika" | "gt06" | "h02" | "gps103" | "tk103" | "jt808" | "queclink" | "meitrack" | "ruptela" | "suntech" | "nmea" | null;
            /** @description Whether a Queclink device waits for acknowledgements (SACK). */
            sack?: boolean;
            /** @description How it names itself. */
            unique_id?: string | null;
            /**
             * Format: int64
             * @description The zone of its clock, for protocols that send local time.
             */
            utc_offset_minutes?: number | null;
            /** @description The vehicle that it reports for from now on. Positions of an earlier time belong to the vehicle that it was in then. */
            vehicle_id?: string;
        };
        /** @description A change of the caller's duty. */
        ChangeDuty: {
            /** @description True to go off duty, false to come back. */
            off_duty: boolean;
        };
        /** @description The changes of a geofence. Absent fields stay; null removes the value of an optional one. */
        ChangeGeofence: {
            /**
             * Format: int32
             * @description Length of a visit that is published as dwelling, seconds.
             */
            dwell_s?: number | null;
            /** @description A GeoJSON geometry. The stored radius or width stays, if the new geometry can have it, unless it is named too. */
            geometry?: components["schemas"]["Geometry"];
            /** @description Name for people. */
            name?: string;
            /** @description enter, exit, or both; null for both. */
            on?: ("enter" | "exit")[] | null;
            /**
             * Format: double
             * @description Radius of a circle, metres.
             */
            radius_m?: number | null;
            schedule?: components["schemas"]["Schedule"] | null;
            /**
             * Format: double
             * @description The speed limit inside, km/h.
             */
            speed_limit_kmh?: number | null;
            /** @description The vehicles that it applies to; null for all. */
            vehicle_ids?: string[] | null;
            /**
             * Format: double
             * @description Width of a corridor to either side, metres.
             */
            width_m?: number | null;
        };
        /** @description The changes of a parcel. Absent fields stay. */
        ChangeParcel: {
            /**
             * Format: int64
             * @description Number of the user who drives it. Null removes the driver.
             */
            driver_id?: number | null;
            /**
             * @description pending, assigned, picked_up, in_transit, out_for_delivery, delivered or cancelled.
             * @enum {string}
             */
            status?: "pending" | "assigned" | "picked_up" | "in_transit" | "out_for_delivery" | "delivered" | "cancelled";
        };
        /** @description Changes to a report schedule. A field that is left out stays. */
        ChangeReportSchedule: {
            /** @description Whether reports are made. */
            active?: boolean;
            /**
             * @description The form of the file.
             * @enum {string}
             */
            format?: "json" | "csv" | "xlsx";
            /**
             * @description What a row sums up; null leaves it to the kind.
             * @enum {string|null}
             */
            group_by?: "none" | "vehicle" | "driver" | "day" | "vehicle_day" | null;
            /**
             * @description What its reports are about.
             * @enum {string}
             */
            kind?: "trips" | "stops" | "mileage" | "utilisation" | "fuel" | "geofences" | "speeding";
            /**
             * @description The language of a workbook's labels.
             * @enum {string}
             */
            language?: "en" | "id";
            /** @description Name for people. */
            name?: string;
            /**
             * @description The time of each report.
             * @enum {string}
             */
            period?: "day" | "week" | "month";
            /** @description Who gets them. Who has ended the mails for itself gets none until it is taken off the list and put on it again. */
            receiver_ids?: number[];
            /** @description When it is made, by the clocks of the zone. */
            time?: string;
            /** @description The IANA time zone of the days and of `time`. */
            timezone?: string;
            /** @description The vehicles; null for all that the owner sees. */
            vehicle_ids?: string[] | null;
        };
        /** @description The changes of a roaming fence. Absent fields stay; null removes the value of an optional one. */
        ChangeRoamingFence: {
            /**
             * Format: int32
             * @description How long they are near before they meet, seconds; null for at once.
             */
            dwell_s?: number | null;
            /** @description Name for people. */
            name?: string;
            /** @description meet, part, or both; null for both. */
            on?: ("meet" | "part")[] | null;
            others?: components["schemas"]["VehicleSelection"] | null;
            /**
             * Format: double
             * @description Two vehicles that are no farther from each other are near, metres.
             */
            radius_m?: number;
            vehicles?: components["schemas"]["VehicleSelection"] | null;
        };
        /** @description The changes of thresholds. Absent ones stay, null takes one back to its default. */
        ChangeRules: {
            /**
             * Format: double
             * @description Accelerating harder than this is harsh, m/s². Default 3.5.
             */
            acceleration_mps2?: number | null;
            /**
             * Format: double
             * @description Braking harder than this is harsh, m/s². Default 4.
             */
            braking_mps2?: number | null;
            /**
             * Format: double
             * @description Lateral acceleration above this is harsh cornering, m/s². Default 4.
             */
            cornering_mps2?: number | null;
            /**
             * Format: double
             * @description A parked vehicle is on a trip when it is this far from where it stood, metres. Default 100: white noise of
             *     σ 15 m stays within 75 m in a day of one fix a second.
             */
            depart_m?: number | null;
            /**
             * Format: double
             * @description One fix decides that a vehicle is inside or outside a geofence, if it is as far from the edge as the
             *     receiver's noise: at least half and at most five times this, metres. Nearer to the edge, the next fix
             *     decides. Default 10.
             */
            edge_margin_m?: number | null;
            /**
             * Format: double
             * @description Noise of the level sensor, litres. Default 1.5.
             */
            fuel_noise_l?: number | null;
            /**
             * Format: int32
             * @description A longer silence is a gap, seconds. The trip goes on after it only if the distance was driven. Default
             *     300.
             */
            gap_after_s?: number | null;
            /**
             * Format: int32
             * @description After a longer silence no trip goes on, seconds. Default 1800.
             */
            gap_max_s?: number | null;
            /**
             * Format: double
             * @description A gap with a lower average speed was standing, not driving, km/h. Default 5.
             */
            gap_speed_kmh?: number | null;
            /**
             * Format: double
             * @description Consumption of an idling engine, litres an hour: not theft, unless the ignition is known to be off.
             *     Default 3.
             */
            idle_l_per_h?: number | null;
            /**
             * Format: double
             * @description A fix may be off by this much, beside its noise, without being a jump, metres. Default 100.
             */
            jump_slack_m?: number | null;
            /**
             * Format: double
             * @description Below this speed no manoeuvre is harsh, km/h. Default 15.
             */
            manoeuvre_kmh?: number | null;
            /**
             * Format: int32
             * @description Manoeuvres are measured between fixes that are at most this far apart, seconds. Default 3.
             */
            manoeuvre_s?: number | null;
            /**
             * Format: double
             * @description The highest acceleration of any vehicle, m/s²: a fix that needs more is a jump. Default 4: a fast car's.
             */
            max_acceleration_mps2?: number | null;
            /**
             * Format: double
             * @description A fix with a claimed accuracy worse than this is an outlier, metres. Default 200: a fix that is off by
             *     more than a block of houses is useless for trips and fences.
             */
            max_accuracy_m?: number | null;
            /**
             * Format: double
             * @description The highest speed of any vehicle, km/h. Default 250.
             */
            max_speed_kmh?: number | null;
            /**
             * Format: double
             * @description A reported speed of this or more is driving, km/h. Default 10.
             */
            moving_kmh?: number | null;
            /**
             * Format: double
             * @description A receiver's noise (one standard deviation along each axis) until its vehicle has stood, metres; more if
             *     it claims to be worse. Default 10.
             */
            noise_m?: number | null;
            /**
             * Format: int32
             * @description A vehicle without a position for this long is offline, seconds; later if its device usually reports less often. Default 600.
             */
            offline_after_s?: number | null;
            /**
             * Format: double
             * @description A running trip is published again after this distance, or after `progress_s`, metres. Default 1000.
             */
            progress_m?: number | null;
            /**
             * Format: int32
             * @description A running trip is published again after this much time of its track, or after `progress_m`, seconds.
             *     Default 30.
             */
            progress_s?: number | null;
            /**
             * Format: double
             * @description A rise of this much is refuelling, litres. Default 10.
             */
            refuel_l?: number | null;
            /**
             * Format: int32
             * @description Doubtful fixes, which are shown all the same, have to agree with each other for this long beside that,
             *     seconds. Default 60.
             */
            relocate_after_s?: number | null;
            /**
             * Format: int32
             * @description This many jumps in a row that agree with each other make a relocation: the vehicle is there after all.
             *     Default 3.
             */
            relocate_fixes?: number | null;
            /**
             * Format: double
             * @description The line between two fixes is checked for geofences if they are at most this far apart, metres. Default
             *     20000.
             */
            segment_max_m?: number | null;
            /**
             * Format: int32
             * @description The line between two fixes is checked for geofences if they are at most this far apart in time, seconds.
             *     Default 300.
             */
            segment_max_s?: number | null;
            /**
             * Format: double
             * @description Speed limit of a vehicle that has none of its own, km/h. Default 80.
             */
            speed_limit_kmh?: number | null;
            /**
             * Format: int32
             * @description A speed above the limit for this long is a violation, seconds. Default 5: errors of a receiver are
             *     shorter.
             */
            speeding_for_s?: number | null;
            /**
             * Format: double
             * @description A violation ends this far below the limit, km/h. Default 3.
             */
            speeding_hysteresis_kmh?: number | null;
            /**
             * Format: double
             * @description Distance is measured in steps of at least this, metres (or 1.5 times the noise). Default 15.
             */
            step_m?: number | null;
            /**
             * Format: int32
             * @description A vehicle stands when it has stayed in that circle for this long, seconds. Default 45: a red light is
             *     driving.
             */
            still_after_s?: number | null;
            /**
             * Format: double
             * @description Largest radius of that circle, metres. Default 100.
             */
            still_radius_max_m?: number | null;
            /**
             * Format: double
             * @description A vehicle that stays within a circle of four times the noise stands. Least radius of that circle, metres.
             *     Default 30.
             */
            still_radius_min_m?: number | null;
            /**
             * Format: int32
             * @description Standing for this long ends the trip, seconds. It ends when the vehicle came to stand. Default 300.
             */
            stop_after_s?: number | null;
            /**
             * Format: double
             * @description A loss of this much while the vehicle stands is theft, litres. Default 10.
             */
            theft_l?: number | null;
            /**
             * Format: double
             * @description A loss of this part of the tank's content while the vehicle stands is theft, percent, if it is at least
             *     three times `fuel_noise_l`. Default 15.
             */
            theft_percent?: number | null;
        };
        /** @description The changes of a cadet's scores. Absent ones stay, null takes a score back. */
        ChangeScores: {
            /**
             * Format: double
             * @description 0 to 100, two decimals.
             */
            final_score?: number | null;
            /**
             * Format: double
             * @description 0 to 100, two decimals.
             */
            midterm_score?: number | null;
            /**
             * Format: double
             * @description 0 to 100, two decimals.
             */
            prelim_score?: number | null;
        };
        /** @description The changes of a tenant. Absent fields stay. */
        ChangeTenant: {
            /**
             * @description What is left out while one of its drivers is off duty: kept (nothing), phones, or vehicles (their trackers too).
             * @enum {string}
             */
            off_duty?: "kept" | "phones" | "vehicles";
            /** @description Whether its deliveries end with a proof only. */
            proof_required?: boolean;
        };
        /** @description The changes of a user. Absent fields stay. */
        ChangeUser: {
            /** @description If false, the user's connections close within a second. */
            active?: boolean;
            /**
             * @description Which mails about alerts it gets: at_once, quarter_hour, daily or off.
             * @enum {string}
             */
            alert_mail?: "at_once" | "quarter_hour" | "daily" | "off";
            /** @description If false, the user's connections close within a second. */
            approved?: boolean;
            /**
             * Format: int64
             * @description Null removes the link to a cadet.
             */
            cadet_id?: number | null;
            /** @description Where e-mail goes. An address that is set here counts as confirmed. Null removes it. */
            email?: string | null;
            /**
             * @description The language of messages: en or id. Null is English.
             * @enum {string|null}
             */
            language?: "en" | "id" | null;
            /** @description New password, at least 8 characters; open sessions end. */
            password?: string;
            /**
             * @description One of the roles that `POST /users` lists.
             * @enum {string}
             */
            role?: "superadmin" | "admin" | "manager" | "parent" | "driver" | "client" | "rider" | "merchant" | "cadet" | "training_staff";
            /** @description The zone of times in messages, a name of the IANA time zone database. Null is UTC. */
            timezone?: string | null;
            /** @description Login name. */
            username?: string;
            /** @description The vehicles it may see. */
            vehicle_ids?: string[];
        };
        /** @description The changes of a vehicle. Absent fields stay; null removes the value of an optional one. */
        ChangeVehicle: {
            /**
             * Format: int64
             * @description Number of the user who drives it.
             */
            driver_id?: number | null;
            /**
             * Format: double
             * @description Litres per 100 km.
             */
            fuel_l_per_100km?: number | null;
            /**
             * Format: double
             * @description Price of a litre.
             */
            fuel_price_per_l?: number | null;
            /** @description bus, car, van, truck, bike, person, … */
            kind?: string;
            /** @description Name for people. */
            label?: string;
            /** @description Licence plate. */
            license_plate?: string | null;
            /**
             * Format: double
             * @description Odometer, km.
             */
            odometer_km?: number | null;
            /** @description The route that it serves. */
            route?: string | null;
            /** @description When the next service is due: RFC 3339, Unix seconds or Unix milliseconds. */
            service_due_at?: components["schemas"]["Instant"] | null;
            /**
             * Format: double
             * @description The odometer's reading at which the next service is due, km.
             */
            service_due_km?: number | null;
            /**
             * Format: double
             * @description The vehicle's own speed limit, km/h.
             */
            speed_limit_kmh?: number | null;
            status?: string;
        };
        /** @description What to change of a webhook. Absent fields stay as they are. */
        ChangeWebhook: {
            /** @description False: it gets no calls, and pending ones are given up. True: it gets the events from now on. */
            active?: boolean;
            /** @description The kinds of events that it gets; all if empty. */
            events?: ("delivery.started" | "delivery.status_changed" | "parcel.added" | "parcel.changed" | "parcel.zone_crossed" | "grade.updated" | "attendance.updated" | "scores.updated" | "trip.changed" | "geofence.crossed" | "driver.event" | "maintenance.due" | "alert.raised")[];
            /**
             * Format: uri
             * @description Where its calls go, as for a new one. Pending calls go there too.
             */
            url?: string;
        };
        /** @description A command that was asked for, and what became of it. */
        Command: {
            /** @description What the device said. */
            answer: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            answered_at: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            asked_at: string;
            /** @description The device to which it was written, or for which it was meant. */
            device_id: string | null;
            /**
             * Format: int64
             * @description Unique in the tenant.
             */
            id: number;
            /** @enum {string} */
            kind: "custom" | "locate" | "stop_engine" | "resume_engine" | "restart" | "show_version" | "arm" | "disarm";
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            sent_at: string | null;
            /**
             * @description `queued` until the device connects or reports; `sent` when it was written to its connection, which does not show that the device
             *     did it; `answered` when the device said something to it.
             * @enum {string}
             */
            state: "queued" | "sent" | "answered";
            text: string | null;
            vehicle_id: string;
            /** @description Whether it waited for its device. */
            was_queued: boolean;
        };
        ConfirmedTotp: {
            /** @description Each is good once, in place of a code. */
            recovery_codes: string[];
        };
        /** @description A fleet's statistics, running trips included. */
        Dashboard: {
            /**
             * Format: int64
             * @description Vehicles with a position in the last 10 minutes.
             */
            active_vehicles: number;
            /**
             * Format: double
             * @description Cost of fuel per km driven, over the vehicles that have a fuel price.
             */
            cost_per_km: number;
            /**
             * Format: double
             * @description Distance, km.
             */
            distance_traveled: number;
            /**
             * Format: double
             * @description Fuel, litres.
             */
            fuel_consumed: number;
            /**
             * Format: double
             * @description Time standing on trips, and between trips with the engine on, of all vehicles, minutes.
             */
            idle_minutes: number;
            /**
             * Format: date-time
             * @description When the statistics were computed: RFC 3339, UTC, milliseconds.
             */
            timestamp: string;
            /**
             * Format: int64
             * @description Trips that were under way at any time, without cancelled ones.
             */
            total_trips: number;
            /**
             * Format: double
             * @description Time in motion as a share of all vehicles' time, percent.
             */
            utilization_rate: number;
        };
        /** @description A delivery. Times are Unix seconds. */
        Delivery: {
            current_location: {
                /** Format: double */
                lat: number;
                /** Format: double */
                lng: number;
                /** Format: int64 */
                timestamp: number;
            } | null;
            dropoff?: {
                /** Format: double */
                lat: number;
                /** Format: double */
                lng: number;
            };
            eta: {
                basis?: string | null;
                /** Format: int64 */
                high?: number | null;
                /** Format: int64 */
                low?: number | null;
                /** Format: int64 */
                seconds?: number | null;
                stale?: boolean;
            } | null;
            /** Format: int64 */
            eta_seconds: number | null;
            /** Format: int64 */
            expires_at: number;
            order_id?: string;
            rider_id?: string;
            /** @description The rider is off duty; absent on duty. */
            rider_off_duty?: boolean;
            /** @enum {string} */
            status: "ASSIGNED" | "PICKED_UP" | "IN_TRANSIT" | "DELIVERED";
            tracking_id: string;
            /** Format: int64 */
            updated_at: number;
        };
        DeliveryCounts: {
            sessions_by_recency: {
                [key: string]: number;
            };
            status_distribution: {
                [key: string]: number;
            };
            /** Format: int64 */
            total_active_sessions: number;
            /** Format: int64 */
            total_websocket_connections: number;
        };
        /** @description A device. */
        Device: {
            id: string;
            /** @description The secret key, shown only in the answer to the POST that added it. */
            key?: string | null;
            name: string | null;
            /**
             * @description The only protocol that it may use.
             * @enum {string|null}
             */
            protocol: "osmand" | "traccar" | "gpslogger" | "owntracks" | "overland" | "mqtt" | "teltonika" | "gt06" | "h02" | "gps103" | "tk103" | "jt808" | "queclink" | "meitrack" | "ruptela" | "suntech" | "nmea" | null;
            sack: boolean;
            /** @description How it names itself. */
            unique_id: string | null;
            /** Format: int32 */
            utc_offset_minutes: number | null;
            vehicle_id: string;
        };
        /** @description Where a delivery goes. */
        Dropoff: {
            /**
             * Format: double
             * @description Degrees north.
             */
            latitude: number;
            /**
             * Format: double
             * @description Degrees east.
             */
            longitude: number;
        };
        /** @description Whether the caller is on duty. */
        Duty: {
            /**
             * @description What the tenant leaves out meanwhile: nothing, what phones report, or what trackers of vehicles report too.
             * @enum {string}
             */
            leaves_out: "nothing" | "phones" | "vehicles";
            /** @description The caller is off duty. */
            off_duty: boolean;
            /**
             * Format: date-time
             * @description Since when: RFC 3339, UTC, milliseconds; null on duty.
             */
            since: string | null;
        };
        EmailConfirmation: {
            token: string;
        };
        /** @description Two vehicles that met. */
        Encounter: {
            /**
             * Format: date-time
             * @description Since when they were near, by the time of their positions.
             */
            began_at: string;
            /**
             * Format: date-time
             * @description When they had been near for long enough.
             */
            met_at: string | null;
            /** @description The other one. */
            other_vehicle_id: string;
            /**
             * Format: date-time
             * @description When they were far from each other again; null while they are near.
             */
            parted_at: string | null;
            /** @description One of them. */
            vehicle_id: string;
        };
        /** @description When a user will be erased. */
        Erasure: {
            /** Format: date-time */
            due_at: string;
        };
        /** @description A GeoJSON file, RFC 7946. */
        FeatureCollection: {
            features: {
                [key: string]: unknown;
            }[];
            /** @enum {string} */
            type: "FeatureCollection";
        };
        /** @description What is wrong with one field. */
        FieldError: {
            /** @description The field's name as the client wrote it. */
            field: string;
            /** @description What the field accepts. */
            message: string;
        };
        /** @description A geofence. */
        Geofence: {
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            changed_at: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            created_at: string;
            /**
             * Format: int32
             * @description Length of a visit that is published as dwelling, seconds.
             */
            dwell_s: number | null;
            /** @description The GeoJSON geometry as it was sent. */
            geometry: components["schemas"]["Geometry"];
            /** Format: int64 */
            id: number;
            name: string;
            /** @description Which crossings are published: enter, exit, or both. */
            on: ("enter" | "exit")[];
            /**
             * Format: double
             * @description Radius, metres; null unless it is a circle.
             */
            radius_m: number | null;
            schedule: components["schemas"]["Schedule"] | null;
            /**
             * Format: double
             * @description The speed limit inside, km/h.
             */
            speed_limit_kmh: number | null;
            /** @description The vehicles that it applies to; null for all. */
            vehicle_ids: string[] | null;
            /**
             * Format: double
             * @description Width to either side, metres; null unless it is a corridor.
             */
            width_m: number | null;
        };
        /** @description A GeoJSON geometry, RFC 7946: longitude first, WGS 84. */
        Geometry: {
            coordinates: components["schemas"]["LongitudeLatitude"];
            /** @enum {string} */
            type: "Point";
        } | {
            coordinates: components["schemas"]["LongitudeLatitude"][];
            /** @enum {string} */
            type: "LineString";
        } | {
            coordinates: components["schemas"]["Rings"];
            /** @enum {string} */
            type: "Polygon";
        } | {
            coordinates: components["schemas"]["Rings"][];
            /** @enum {string} */
            type: "MultiPolygon";
        };
        /** @description A merit or demerit. */
        Grade: {
            /**
             * Format: int64
             * @description The cadet's number.
             */
            cadet_id: number;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            created_at: string;
            /** Format: int64 */
            id: number;
            /**
             * Format: int64
             * @description 1 to 1000.
             */
            points: number;
            reason: string;
            /**
             * @description merit or demerit.
             * @enum {string}
             */
            type: "merit" | "demerit";
        };
        Health: {
            status: string;
            version: string;
        };
        /** @description A time: RFC 3339, Unix seconds or Unix milliseconds. */
        Instant: string | number;
        /** @description A link with which a user sets its password. */
        Invitation: {
            /**
             * Format: date-time
             * @description When it ends.
             */
            expires_at: string;
            /** @description The link, which is good once. A request that is repeated with its Idempotency-Key does not get it again. */
            url?: string | null;
        };
        /** @description Work that takes longer than a request. */
        Job: {
            /** @description Why it failed. */
            error?: string | null;
            /** @description What its result is called when it is saved. */
            file_name?: string | null;
            id: string;
            /** @description What is done: `report`, `report.scheduled`, `user.export` or `user.erasure`. */
            kind: string;
            /**
             * Format: int64
             * @description How much is done, in percent.
             */
            progress: number;
            /** @description Where its result is, if it made one. */
            result_url?: string | null;
            /**
             * @description `queued`, `running`, `done` or `failed`.
             * @enum {string}
             */
            status: "queued" | "running" | "done" | "failed";
        };
        /** @description The fields of the ping as they were sent, and the id of the stored location. */
        KioskLocation: {
            /** Format: double */
            accuracy?: number | null;
            /** Format: double */
            heading?: number | null;
            /** Format: double */
            latitude: number;
            location_id: string;
            /** Format: double */
            longitude: number;
            /** Format: double */
            speed?: number | null;
            /** @description RFC 3339, Unix seconds or Unix milliseconds, as it was sent. */
            timestamp?: components["schemas"]["Instant"] | null;
        };
        /** @description A delivery with its rider's place. */
        ListedDelivery: {
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            created_at: string;
            /** @description The destination. */
            dropoff: components["schemas"]["Dropoff"];
            /**
             * Format: int32
             * @description The late end of that range, seconds.
             */
            eta_high_s: number | null;
            /**
             * Format: int32
             * @description The early end of the range in which four of five arrivals lie, seconds.
             */
            eta_low_s: number | null;
            /**
             * Format: int32
             * @description Seconds until the rider arrives, from its own pace; null before the first location, after the delivery, and when the last
             *     location is too old.
             */
            eta_s: number | null;
            /**
             * Format: date-time
             * @description When the link stops working: RFC 3339, UTC, milliseconds.
             */
            expires_at: string;
            /** @description The shop's number for the order. */
            order_id: string;
            position: components["schemas"]["RiderPosition"] | null;
            /** @description Who brings it. */
            rider_id: string;
            /** @description The rider is off duty: where it was is not shown. */
            rider_off_duty: boolean;
            /**
             * @description ASSIGNED, PICKED_UP, IN_TRANSIT or DELIVERED.
             * @enum {string}
             */
            status: "ASSIGNED" | "PICKED_UP" | "IN_TRANSIT" | "DELIVERED";
            /** @description The secret part of its public link. */
            tracking_id: string;
            /**
             * Format: date-time
             * @description When status or place changed last: RFC 3339, UTC, milliseconds.
             */
            updated_at: string;
        };
        Login: {
            password: string;
            /** @description The user's tenant. Without one, here or in `username`, the tenant of the host counts, or the only tenant that has the name. */
            tenant?: string | null;
            /** @description A code of the user's authenticator app, or a recovery code, where a second factor is due. For `/api/token` alone. */
            totp?: string | null;
            /** @description The name, or `tenant/name`. */
            username: string;
        };
        /** @description A login. Its id is not the cookie. The time when it was last used is known to some minutes. */
        LoginSession: {
            /** @description Where it was opened from. */
            address: string | null;
            /** Format: date-time */
            created_at: string;
            /** @description Whether the caller's own credential belongs to it. */
            current: boolean;
            id: string;
            /** Format: date-time */
            last_seen_at: string;
        };
        LoginSessions: {
            /** @description The newest comes first. */
            items: components["schemas"]["LoginSession"][];
        };
        /** @description Degrees east and north, and a height that is not used. */
        LongitudeLatitude: number[];
        /** @description The caller. A device has no number, name or role. */
        Me: {
            /** Format: int64 */
            cadet_id: number | null;
            /** Format: int64 */
            id: number | null;
            /** @description The language in which a user is written to. */
            language: string | null;
            /**
             * Format: int64
             * @description The tenant's threshold: a vehicle that was not heard for so many seconds is offline.
             */
            offline_after_s: number;
            /** @enum {string|null} */
            role: "superadmin" | "admin" | "manager" | "parent" | "driver" | "client" | "rider" | "merchant" | "cadet" | "training_staff" | null;
            tenant: string;
            /** @description The IANA zone of times that a user is written. */
            timezone: string | null;
            username: string | null;
            vehicle_ids: string[];
        };
        /** @description A message: the sender's fields, and these. */
        Message: {
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            created_at: string;
            /** Format: int64 */
            id: number;
            /** @description True once its user has marked it read. */
            is_read: boolean;
            /**
             * Format: date-time
             * @description When it was marked read; null before.
             */
            read_at: string | null;
            /**
             * Format: int64
             * @description Number of the user who sent it; null if the sender's token has no number.
             */
            sender_id: number | null;
        } & {
            [key: string]: unknown;
        };
        /** @description The vehicle of an unknown device. */
        NewAdoption: {
            /** @description The vehicle that it reports for. */
            vehicle_id: string;
        };
        /** @description An alert to be raised. */
        NewAlert: {
            /** @description An object for programs, at most 16,384 bytes. */
            data?: Record<string, never> | null;
            /**
             * Format: int64
             * @description Number of the user who drove.
             */
            driver_id?: number | null;
            /** @description When it expires: RFC 3339, Unix seconds or Unix milliseconds, ahead; after `ALERT_EXPIRY_DURATION` if absent. */
            expires_at?: components["schemas"]["Instant"] | null;
            /**
             * @description At most 2000 characters.
             * @example Invoice 2026-118 was paid.
             */
            message: string;
            /**
             * @description low, medium, high or critical; if absent, the severity that the server gives this type.
             * @enum {string|null}
             */
            severity?: "low" | "medium" | "high" | "critical" | null;
            /**
             * @description A second alert with the same subject is refused until the first one has expired.
             * @example invoice:2026-118
             */
            subject?: string | null;
            /** @description For a superadmin: the tenant; its own if absent. */
            tenant?: string | null;
            /** @description When it happened: RFC 3339, Unix seconds or Unix milliseconds; now if absent; at most 5 minutes ahead. */
            timestamp?: components["schemas"]["Instant"] | null;
            /**
             * @description At most 200 characters.
             * @example Payment received
             */
            title: string;
            /**
             * @description speed_violation, geofence_violation, maintenance, fuel_theft, driver_event, vehicle_offline, system_error,
             *     payment_received or invoice_generated.
             * @example payment_received
             * @enum {string}
             */
            type: "speed_violation" | "geofence_violation" | "maintenance" | "fuel_theft" | "driver_event" | "vehicle_offline" | "system_error" | "payment_received" | "invoice_generated";
            /**
             * Format: int64
             * @description The one user who gets it; everyone who sees the whole fleet if absent.
             */
            user_id?: number | null;
            /** @description The vehicle that it is about. */
            vehicle_id?: string | null;
        };
        /** @description A cadet to be added. */
        NewCadet: {
            /**
             * @description At most 200 characters.
             * @example Ana Cruz
             */
            name: string;
            /**
             * @description Its number in the school's own register, unique within the tenant, at most 64 characters.
             * @example 2024-00123
             */
            student_id?: string | null;
            /** @description For a superadmin: the tenant; its own if absent. */
            tenant?: string | null;
        };
        /** @description A command for a device. */
        NewCommand: {
            /**
             * @description What it is. Devices take some of them, by their protocol.
             * @example custom
             * @enum {string}
             */
            kind: "custom" | "locate" | "stop_engine" | "resume_engine" | "restart" | "show_version" | "arm" | "disarm";
            /**
             * @description The text of `custom`, in the device's own language. Absent for the others.
             * @example getinfo
             */
            text?: string | null;
        };
        NewConfirmation: {
            email?: string;
            password?: string;
        };
        NewDelivery: {
            /** Format: double */
            dropoff_lat: number;
            /** Format: double */
            dropoff_lng: number;
            order_id: string;
            /** @description The phone number that gets the link by SMS. */
            phone?: string | null;
            rider_id: string;
        };
        /** @description A device to be added. */
        NewDevice: {
            /** @description A UUID if absent. */
            id?: string | null;
            /** @description Name for people. */
            name?: string | null;
            /**
             * @description The only protocol that it may use; any if absent.
             * @enum {string|null}
             */
            protocol?: "osmand" | "traccar" | "gpslogger" | "owntracks" | "overland" | "mqtt" | "teltonika" | "gt06" | "h02" | "gps103" | "tk103" | "jt808" | "queclink" | "meitrack" | "ruptela" | "suntech" | "nmea" | null;
            /** @description Whether a Queclink device waits for acknowledgements (SACK). */
            sack?: boolean;
            /** @description For a superadmin: the device's tenant; its own if absent. */
            tenant?: string | null;
            /**
             * @description How it names itself: an IMEI, a phone's id, OwnTracks' `user/device`. Unique on the whole server.
             * @example 356307042441013
             */
            unique_id?: string | null;
            /**
             * Format: int64
             * @description The zone of its clock, for protocols that send local time; the protocol's usual one if absent.
             */
            utc_offset_minutes?: number | null;
            /** @description The one vehicle that it reports for. */
            vehicle_id: string;
        };
        /** @description A geofence to be added. */
        NewGeofence: {
            /**
             * Format: int32
             * @description A visit that lasts this long is published once as dwelling, seconds, 1 to 2592000.
             */
            dwell_s?: number | null;
            /**
             * @description A GeoJSON geometry, RFC 7946: `Polygon` (with holes or without), `MultiPolygon`, `Point` with `radius_m`, or
             *     `LineString` with `width_m`; at most 10,000 corners and 1 MiB.
             */
            geometry: components["schemas"]["Geometry"];
            /**
             * @description At most 200 characters.
             * @example Depot
             */
            name: string;
            /** @description Which crossings are published: enter, exit, or both; both if absent. */
            on?: ("enter" | "exit")[] | null;
            /**
             * Format: double
             * @description For a `Point`: the circle's radius, metres, 10 to 100000.
             * @example 150
             */
            radius_m?: number | null;
            schedule?: components["schemas"]["Schedule"] | null;
            /**
             * Format: double
             * @description The speed limit inside, km/h.
             */
            speed_limit_kmh?: number | null;
            /** @description For a superadmin: the tenant; its own if absent. */
            tenant?: string | null;
            /** @description The vehicles that it applies to, 1 to 1000; all if absent. */
            vehicle_ids?: string[] | null;
            /**
             * Format: double
             * @description For a `LineString`: the distance from the line to the edge on either side, metres, 5 to 5000.
             */
            width_m?: number | null;
        };
        /** @description A merit or demerit to be given. */
        NewGrade: {
            /**
             * Format: int64
             * @description 1 to 1000.
             */
            points: number;
            /**
             * @description Reason, at most 500 characters.
             * @example Outstanding performance
             */
            reason: string;
            /**
             * @description merit or demerit.
             * @enum {string}
             */
            type: "merit" | "demerit";
        };
        NewKioskLocation: {
            /** Format: double */
            accuracy?: number | null;
            /** Format: double */
            heading?: number | null;
            /** Format: double */
            latitude: number;
            /** Format: double */
            longitude: number;
            /**
             * Format: double
             * @description km/h.
             */
            speed?: number | null;
            /** @description RFC 3339, Unix seconds or Unix milliseconds; now if absent. */
            timestamp?: components["schemas"]["Instant"] | null;
        };
        /** @description A message to be sent: `user_ids`, and any other fields that the sender chooses. */
        NewMessage: {
            /** @description The users who get it, 1 to 1000. A user that is named twice gets it once. */
            user_ids: number[];
        } & {
            [key: string]: unknown;
        };
        /** @description A notification to be sent. */
        NewNotification: {
            /**
             * @description Text for people, at most 2000 characters.
             * @example Drill is moved to 14:00
             */
            message: string;
            /** @description For a superadmin: the tenant; its own if absent. */
            tenant?: string | null;
            /** @description Kind for programs, at most 64 characters; `admin_message` if absent. */
            type?: string | null;
            /** @description The users who get it, 1 to 1000. A user that is named twice gets it once. */
            user_ids: number[];
        };
        /** @description A parcel to be added. */
        NewParcel: {
            /**
             * Format: int64
             * @description Number of the user who sends it.
             */
            client_id: number;
            /** @description Where the driver brings it. */
            destination: components["schemas"]["Place"];
            /**
             * Format: int64
             * @description Number of the user who drives it. With a driver the parcel is `assigned`, without one `pending`.
             */
            driver_id?: number | null;
            /** @description Where the driver fetches it. */
            pickup: components["schemas"]["Place"];
            /** @description For a superadmin: the parcel's tenant; its own if absent. */
            tenant?: string | null;
        };
        NewPasskey: {
            challenge: string;
            /** @description What `PublicKeyCredential.toJSON()` gives. More than `response` is not read. */
            credential: {
                response: {
                    attestationObject: string;
                    clientDataJSON: string;
                };
            };
            /** @description What its user calls it. */
            name: string;
        };
        /** @description A position as a device sends it. */
        NewPosition: {
            /**
             * Format: double
             * @description Metres, from 0.
             */
            accuracy?: number | null;
            /**
             * Format: double
             * @description Metres.
             */
            altitude?: number | null;
            /** @description What else the device knows: up to 64 names with numbers, booleans or texts of up to 256 bytes. */
            attributes?: {
                [key: string]: number | boolean | string;
            } | null;
            /**
             * Format: double
             * @description Litres.
             */
            fuel_level_l?: number | null;
            /**
             * Format: double
             * @description Degrees from north, 0 to 360.
             */
            heading?: number | null;
            /** @description On or off. */
            ignition?: boolean | null;
            /**
             * Format: double
             * @description Degrees north, -90 to 90.
             * @example 22.5726
             */
            latitude: number;
            /**
             * Format: double
             * @description Degrees east, -180 to 180.
             * @example 88.3639
             */
            longitude: number;
            /**
             * Format: double
             * @description km.
             */
            odometer_km?: number | null;
            /**
             * Format: double
             * @description km/h, 0 to 1000.
             */
            speed?: number | null;
            /**
             * @description RFC 3339, Unix seconds or Unix milliseconds; now if absent; at most 5 minutes ahead.
             * @example 2025-01-15T10:30:45.123Z
             */
            timestamp?: components["schemas"]["Instant"] | null;
            /** @description A device may leave it out: it reports for its own vehicle. */
            vehicle_id?: string | null;
        };
        /** @description One position or a list. */
        NewPositions: components["schemas"]["NewPosition"] | components["schemas"]["NewPosition"][];
        /** @description An access token to be made. */
        NewProgramToken: {
            /** @description When it ends: RFC 3339, Unix seconds or Unix milliseconds. Never if absent. */
            expires_at?: components["schemas"]["Instant"] | null;
            /**
             * @description Name for people.
             * @example nightly export
             */
            name: string;
            /** @description At least one of `read`, `ingest` and `manage`. None contains another. */
            scopes: ("read" | "ingest" | "manage")[];
            /** @description The caller's own tenant if absent. */
            tenant?: string | null;
            /** @description The vehicles that it is for, at least one. Everything of the tenant if absent. */
            vehicle_ids?: string[] | null;
        };
        /** @description A proof: at least a signature, photo, receiver, code or note. */
        NewProof: {
            code?: string;
            /** Format: double */
            latitude?: number;
            /** Format: double */
            longitude?: number;
            note?: string;
            /** @description As the signature. */
            photo?: string[];
            receiver?: string;
            /**
             * Format: binary
             * @description JPEG, PNG or WebP of at most 10 MB and 50 megapixels.
             */
            signature?: string;
            /**
             * Format: date-time
             * @description When it was done: RFC 3339 or Unix time; now if absent.
             */
            taken_at?: string;
        };
        /** @description A browser's subscription, as its `toJSON()` gives it. Other fields are ignored. */
        NewPushSubscription: {
            /**
             * Format: uri
             * @description The push service's URL for this browser.
             * @example https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV
             */
            endpoint: string;
            /** @description The keys that encrypt pushes to it. */
            keys: components["schemas"]["PushKeys"];
        };
        /** @description A report to be made. */
        NewReport: {
            /**
             * @description The form of the file; `json` if absent, which has the first 2,000 rows, all sums and each day's figure.
             * @enum {string|null}
             */
            format?: "json" | "csv" | "xlsx" | null;
            /**
             * @description The first day in the zone, or an instant (RFC 3339).
             * @example 2026-11-01
             */
            from: string;
            /**
             * @description What a row sums up. If absent, `none` for trips, stops, geofences and speeding, and `vehicle` for the rest, which can't be listed.
             * @enum {string|null}
             */
            group_by?: "none" | "vehicle" | "driver" | "day" | "vehicle_day" | null;
            /**
             * @description What it is about.
             * @example mileage
             * @enum {string}
             */
            kind: "trips" | "stops" | "mileage" | "utilisation" | "fuel" | "geofences" | "speeding";
            /**
             * @description The language of a workbook's labels; the caller's own if absent, else English.
             * @enum {string|null}
             */
            language?: "en" | "id" | null;
            /** @description Whether the file is mailed to the caller once it is made: for users with a confirmed address; false if absent. */
            mail?: boolean | null;
            /** @description For a superadmin: the tenant; its own if absent. */
            tenant?: string | null;
            /**
             * @description The IANA time zone of the days; the caller's own if absent, else UTC.
             * @example Asia/Jakarta
             */
            timezone?: string | null;
            /**
             * @description The last day in the zone, which counts whole, or the instant before which the time ends. At most 400 days after `from`.
             * @example 2026-11-30
             */
            to: string;
            /** @description The vehicles that it is about; all if absent. */
            vehicle_ids?: string[] | null;
        };
        /** @description A report schedule to be made. */
        NewReportSchedule: {
            /** @description Whether reports are made; true if absent. */
            active?: boolean | null;
            /**
             * @description The form of the file; `xlsx` if absent.
             * @enum {string|null}
             */
            format?: "json" | "csv" | "xlsx" | null;
            /**
             * @description What a row sums up. If absent, `none` for trips, stops, geofences and speeding, and `vehicle` for the rest, which can't be listed.
             * @enum {string|null}
             */
            group_by?: "none" | "vehicle" | "driver" | "day" | "vehicle_day" | null;
            /**
             * @description What its reports are about.
             * @example mileage
             * @enum {string}
             */
            kind: "trips" | "stops" | "mileage" | "utilisation" | "fuel" | "geofences" | "speeding";
            /**
             * @description The language of a workbook's labels; the caller's own if absent, else English. The mail is in its reader's.
             * @enum {string|null}
             */
            language?: "en" | "id" | null;
            /**
             * @description Name for people: it begins the mail's subject.
             * @example Mileage of the week
             */
            name: string;
            /**
             * @description The time of each report: a `day`, a `week` from Monday to Sunday, or a `month`. It is made on the first day after it.
             * @example week
             * @enum {string}
             */
            period: "day" | "week" | "month";
            /** @description Who gets them: 1 to 20 users of the tenant with a confirmed address, who see the whole fleet or are the owner; the owner if absent. */
            receiver_ids?: number[] | null;
            /**
             * @description When it is made on that day, by the clocks of the zone.
             * @example 06:30
             */
            time: string;
            /**
             * @description The IANA time zone of the days and of `time`; the caller's own if absent, else UTC.
             * @example Asia/Jakarta
             */
            timezone?: string | null;
            /** @description The vehicles that they are about; all that the owner sees if absent. */
            vehicle_ids?: string[] | null;
        };
        /** @description A roaming fence to be added. */
        NewRoamingFence: {
            /**
             * Format: int32
             * @description They meet when they have been near for so long, seconds, 1 to 2592000; at once if absent.
             */
            dwell_s?: number | null;
            /**
             * @description At most 200 characters.
             * @example Buses that bunch
             */
            name: string;
            /** @description What raises alerts: meet, part, or both; both if absent. */
            on?: ("meet" | "part")[] | null;
            others?: components["schemas"]["VehicleSelection"] | null;
            /**
             * Format: double
             * @description Two vehicles that are no farther from each other are near, metres, 10 to 100000.
             * @example 150
             */
            radius_m: number;
            /** @description For a superadmin: the tenant; its own if absent. */
            tenant?: string | null;
            vehicles?: components["schemas"]["VehicleSelection"] | null;
        };
        /** @description A share to be made. */
        NewShare: {
            /** @description When it ends, within 366 days: RFC 3339, Unix seconds or Unix milliseconds. */
            expires_at: components["schemas"]["Instant"];
            /**
             * @description Name for people.
             * @example Delivery of 30 November
             */
            name: string;
            /** @description The caller's own tenant if absent. */
            tenant?: string | null;
            /** @description The vehicles that the guest sees: 1 to 100. */
            vehicle_ids: string[];
        };
        /** @description A manual event to be published. */
        NewSyncEvent: {
            /**
             * Format: int64
             * @description The cadet who gets it, besides staff; only staff get it if absent.
             */
            cadet_id?: number | null;
            /**
             * @description The `type` of its message: 1 to 64 letters, digits, `_`, `.` or `-`.
             * @example schedule_changed
             */
            event_type: string;
            /** @description The `data` of its message, at most 16,384 bytes and 32 levels of nesting. */
            payload: Record<string, never>;
            /** @description For a superadmin: the tenant; its own if absent. */
            tenant?: string | null;
        };
        /** @description A trip to be started by hand. */
        NewTrip: {
            /**
             * Format: int64
             * @description Number of the user who drives; the vehicle's driver if absent.
             */
            driver_id?: number | null;
            /** @description For a superadmin: the vehicle's tenant; its own if absent. */
            tenant?: string | null;
            vehicle_id: string;
        };
        /** @description A user to be added. */
        NewUser: {
            /** @description True if absent. */
            active?: boolean | null;
            /**
             * @description Which mails about alerts it gets: at_once, quarter_hour, daily or off. at_once if absent.
             * @enum {string|null}
             */
            alert_mail?: "at_once" | "quarter_hour" | "daily" | "off" | null;
            /** @description True if absent. */
            approved?: boolean | null;
            /**
             * Format: int64
             * @description For cadets: the cadet whose records it may see.
             */
            cadet_id?: number | null;
            /** @description Where e-mail goes. An address that is set here counts as confirmed. */
            email?: string | null;
            /**
             * @description The language of messages: en or id. English if absent.
             * @enum {string|null}
             */
            language?: "en" | "id" | null;
            /** @description At least 8 characters. A user without a password can only authenticate by a token of another issuer. */
            password?: string | null;
            /**
             * @description superadmin, admin, manager, parent, driver, client, rider, merchant, cadet or training_staff.
             * @enum {string}
             */
            role: "superadmin" | "admin" | "manager" | "parent" | "driver" | "client" | "rider" | "merchant" | "cadet" | "training_staff";
            /** @description The caller's own tenant if absent. */
            tenant?: string | null;
            /** @description The zone of times in messages, a name of the IANA time zone database. UTC if absent. */
            timezone?: string | null;
            /** @description Login name, unique in the tenant. Without `/`. */
            username: string;
            /** @description For parents: the vehicles it may see. */
            vehicle_ids?: string[] | null;
        };
        /** @description A vehicle to be added. */
        NewVehicle: {
            /**
             * Format: int64
             * @description Number of the user who drives it.
             */
            driver_id?: number | null;
            /**
             * Format: double
             * @description Litres per 100 km.
             */
            fuel_l_per_100km?: number | null;
            /**
             * Format: double
             * @description Price of a litre.
             */
            fuel_price_per_l?: number | null;
            /** @description A UUID if absent. */
            id?: string | null;
            /**
             * @description bus, car, van, truck, bike, person, …
             * @example bus
             */
            kind: string;
            /**
             * @description Name for people.
             * @example Bus 7
             */
            label: string;
            /** @description Licence plate. */
            license_plate?: string | null;
            /**
             * Format: double
             * @description Odometer, km.
             */
            odometer_km?: number | null;
            /** @description The route that it serves. */
            route?: string | null;
            /**
             * @description When the next service is due: RFC 3339, Unix seconds or Unix milliseconds.
             * @example 2027-01-15T00:00:00.000Z
             */
            service_due_at?: components["schemas"]["Instant"] | null;
            /**
             * Format: double
             * @description The odometer's reading at which the next service is due, km.
             */
            service_due_km?: number | null;
            /**
             * Format: double
             * @description The vehicle's own speed limit, km/h.
             */
            speed_limit_kmh?: number | null;
            /** @description `active` if absent. */
            status?: string | null;
            /** @description For a superadmin: the vehicle's tenant; its own if absent. */
            tenant?: string | null;
        };
        /** @description A webhook to be added. */
        NewWebhook: {
            /**
             * @description delivery.started, delivery.status_changed, parcel.added, parcel.changed, parcel.zone_crossed, grade.updated,
             *     attendance.updated, scores.updated, trip.changed, geofence.crossed, driver.event, maintenance.due, alert.raised; all
             *     if absent or empty.
             */
            events?: ("delivery.started" | "delivery.status_changed" | "parcel.added" | "parcel.changed" | "parcel.zone_crossed" | "grade.updated" | "attendance.updated" | "scores.updated" | "trip.changed" | "geofence.crossed" | "driver.event" | "maintenance.due" | "alert.raised")[] | null;
            /** @description `whsec_` and the base64 of the 24 to 64 bytes that sign the calls; generated if absent. */
            secret?: string | null;
            /** @description The caller's own tenant if absent. */
            tenant?: string | null;
            /**
             * Format: uri
             * @description Where its calls go: http or https, at a public address unless the operator allows others.
             * @example https://shop.example.org/hooks/milepost
             */
            url: string;
        };
        /** @description A notification. */
        Notification: {
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            created_at: string;
            /** Format: int64 */
            id: number;
            /** @description True once its user has marked it read. */
            is_read: boolean;
            /** @description Text for people. */
            message: string;
            /**
             * Format: date-time
             * @description When it was marked read; null before.
             */
            read_at: string | null;
            /** @description Kind for programs. */
            type: string;
        };
        /** @description A time off duty. */
        OffDuty: {
            /** @description When it began: RFC 3339, UTC, milliseconds. */
            from: string;
            /**
             * @description What was left out.
             * @enum {string}
             */
            leaves_out: "phones" | "vehicles";
            /** @description When it ended; null while it goes on. */
            to: string | null;
        };
        /** @description What a guest is told of its share. */
        OpenedShare: {
            /**
             * Format: date-time
             * @description When it ends.
             */
            expires_at: string;
            /** @description Name for people. */
            name: string;
            /**
             * Format: date-time
             * @description When it was recalled; null if it was not.
             */
            recalled_at: string | null;
            state: components["schemas"]["ShareState"];
        };
        /** @description A call to another program. */
        OutgoingCall: {
            /**
             * Format: int32
             * @description Attempts so far.
             */
            attempts: number;
            /**
             * Format: date-time
             * @description When it was stored.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was given up.
             */
            dead_at: string | null;
            /**
             * Format: date-time
             * @description When its receiver answered 2xx.
             */
            delivered_at: string | null;
            /**
             * Format: int64
             * @description Numbers count up in the order in which calls were stored.
             */
            id: number;
            /** @description Error of the last attempt. */
            last_error: string | null;
            /**
             * Format: int32
             * @description HTTP status of the last answer.
             */
            last_status: number | null;
            /** @description The call's `webhook-id` or `Idempotency-Key`. */
            message_id: string;
            /**
             * Format: date-time
             * @description When the next attempt is due.
             */
            next_attempt_at: string | null;
            status: components["schemas"]["CallStatus"];
            target: components["schemas"]["CallTarget"];
            /** @description Kind of event, if it goes to a webhook; `webhook.test` for a test. */
            type: string | null;
            /**
             * Format: int64
             * @description The webhook's number, if it goes to one.
             */
            webhook_id: number | null;
        };
        OwnEmail: {
            email: string | null;
            /** Format: date-time */
            refused_at: string | null;
        };
        /** @description One page of a list. */
        Page_Alert: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Alert"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Attendance: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Attendance"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_AuditEntry: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["AuditEntry"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Cadet: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Cadet"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Command: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Command"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Device: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Device"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Encounter: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Encounter"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Geofence: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Geofence"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Grade: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Grade"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_ListedDelivery: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["ListedDelivery"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Message: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Message"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Notification: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Notification"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_OffDuty: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["OffDuty"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_OutgoingCall: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["OutgoingCall"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Parcel: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Parcel"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_PathPoint: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["PathPoint"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Position: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Position"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_ProgramToken: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["ProgramToken"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_PushSubscription: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["PushSubscription"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_ReportSchedule: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["ReportSchedule"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_RoamingFence: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["RoamingFence"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Share: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Share"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Tenant: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Tenant"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Trip: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Trip"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_UnknownDevice: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["UnknownDevice"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_User: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["User"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Vehicle: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Vehicle"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description One page of a list. */
        Page_Webhook: {
            /** @description The items, in a stable order. */
            items: components["schemas"]["Webhook"][];
            /** @description Pass it as `cursor` for the next page; null at the end. */
            next: string | null;
        };
        /** @description A parcel. */
        Parcel: {
            /**
             * Format: int64
             * @description Number of the user who sends it.
             */
            client_id: number;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            created_at: string;
            /** @description Where the driver brings it. */
            destination: components["schemas"]["Place"];
            /**
             * Format: int64
             * @description Number of the user who drives it.
             */
            driver_id: number | null;
            /** Format: int64 */
            id: number;
            /** @description Where the driver fetches it. */
            pickup: components["schemas"]["Place"];
            /**
             * @description pending, assigned, picked_up, in_transit, out_for_delivery, delivered or cancelled.
             * @enum {string}
             */
            status: "pending" | "assigned" | "picked_up" | "in_transit" | "out_for_delivery" | "delivered" | "cancelled";
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            updated_at: string;
        };
        Passkey: {
            /** Format: date-time */
            created_at: string;
            /** Format: int64 */
            id: number;
            /** Format: date-time */
            last_used_at: string | null;
            /** @description What its user calls it. */
            name: string;
        };
        PasskeyAnswer: {
            challenge: string;
            /** @description What `PublicKeyCredential.toJSON()` gives. More than `id` and `response` is not read. */
            credential: {
                id: string;
                response: {
                    authenticatorData: string;
                    clientDataJSON: string;
                    signature: string;
                };
            };
        };
        PasskeyQuestion: {
            /** @description Goes into the answer. */
            challenge: string;
            /** @description For `navigator.credentials`, in the JSON form of WebAuthn Level 3: bytes are in base64url. */
            options: {
                [key: string]: unknown;
            };
        };
        Passkeys: {
            items: components["schemas"]["Passkey"][];
            /** @description Why no passkey can be added at this server. */
            unavailable: string | null;
        };
        PasswordAgain: {
            password: string;
        };
        /** @description Where a parcel's driver was. */
        PathPoint: {
            /** @description Street address; empty if the driver's phone sent none. */
            address: string;
            /**
             * Format: int64
             * @description Number of the user who drove it then.
             */
            driver_id: number;
            /**
             * Format: double
             * @description The same as `latitude`, under the name that a parcel's places use.
             */
            lat: number;
            /**
             * Format: double
             * @description Degrees north.
             */
            latitude: number;
            /**
             * Format: double
             * @description The same as `longitude`, under the name that a parcel's places use.
             */
            lng: number;
            /**
             * Format: double
             * @description Degrees east.
             */
            longitude: number;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            timestamp: string;
        };
        /** @description The place of a parcel's pickup or destination. */
        Place: {
            /** @description Street address, at most 500 characters. */
            address?: string | null;
            /**
             * Format: double
             * @description Degrees north.
             * @example 28.6139
             */
            lat: number;
            /**
             * Format: double
             * @description Degrees east.
             * @example 77.209
             */
            lng: number;
        };
        /** @description A stored position. */
        Position: {
            /**
             * Format: double
             * @description Metres.
             */
            accuracy: number | null;
            /**
             * Format: double
             * @description Metres.
             */
            altitude: number | null;
            /** @description What else the device reported. */
            attributes: {
                [key: string]: number | boolean | string;
            } | null;
            /**
             * Format: double
             * @description Litres.
             */
            fuel_level_l: number | null;
            /**
             * Format: double
             * @description Degrees from north.
             */
            heading: number | null;
            ignition: boolean | null;
            /**
             * Format: double
             * @description Degrees north.
             */
            latitude: number;
            /**
             * Format: double
             * @description Degrees east.
             */
            longitude: number;
            /**
             * Format: double
             * @description km.
             */
            odometer_km: number | null;
            /** @description The position is held to be wrong: the vehicle was not there. */
            outlier: boolean;
            /**
             * Format: double
             * @description km/h.
             */
            speed: number | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            timestamp: string;
            vehicle_id: string;
        };
        /** @description A refusal or failure. */
        Problem: {
            /** @description What happened and what to do. */
            detail: string;
            /** @description The fields that were wrong. */
            errors?: components["schemas"]["FieldError"][];
            /** @description The second factors of which one is due. */
            second_factor?: string[];
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description The status in words. */
            title: string;
            /** @description A URI for the kind of problem; `about:blank` when the status is enough. */
            type: string;
        };
        /** @description An access token. */
        ProgramToken: {
            /** Format: date-time */
            created_at: string;
            /**
             * Format: int64
             * @description The user who made it; null if that has no number here.
             */
            created_by: number | null;
            /**
             * Format: date-time
             * @description When it ends, if ever.
             */
            expires_at: string | null;
            /** Format: int64 */
            id: number;
            /**
             * Format: date-time
             * @description When it was last used, to the minute.
             */
            last_used_at: string | null;
            /** @description Name for people. */
            name: string;
            /** @description What it may do. */
            scopes: ("read" | "ingest" | "manage")[];
            /** @description What the program sends as `Authorization: Bearer`. Only in the answer that made it. */
            token?: string | null;
            /** @description The vehicles that it is for; null for everything of the tenant. */
            vehicle_ids: string[] | null;
        };
        Proof: {
            /** Format: date-time */
            added_at: string;
            code: string | null;
            files: components["schemas"]["ProofFile"][];
            id: string;
            /** Format: double */
            latitude: number | null;
            /** Format: double */
            longitude: number | null;
            note: string | null;
            receiver: string | null;
            /** Format: date-time */
            taken_at: string;
        };
        ProofFile: {
            /** Format: int64 */
            bytes: number;
            /** Format: int64 */
            id: number;
            /** @enum {string} */
            kind: "signature" | "photo";
            /** @description Of the stored picture, in hexadecimal digits. */
            sha256: string;
        };
        Proofs: {
            items: components["schemas"]["Proof"][];
            next: string | null;
        };
        /** @description An identity provider. A page begins a login there by opening its URL. */
        Provider: {
            id: string;
            name: string;
            start_url: string;
        };
        /** @description The key that pages subscribe with. */
        PushKey: {
            /** @description `applicationServerKey` of `pushManager.subscribe`: 65 bytes in base64url. */
            public_key: string;
        };
        /** @description The keys that encrypt pushes to a browser. */
        PushKeys: {
            /** @description The secret that it shares with the server: 16 bytes in base64url or base64. */
            auth: string;
            /** @description The browser's public key: 65 bytes in base64url or base64. */
            p256dh: string;
        };
        /** @description A browser of the caller. */
        PushSubscription: {
            /**
             * Format: date-time
             * @description When it was added.
             */
            created_at: string;
            /** @description The push service's URL for this browser. */
            endpoint: string;
            /** Format: int64 */
            id: number;
        };
        Readiness: {
            /** @description `sqlite` or `postgres`. */
            database: string;
            /**
             * Format: int32
             * @description Nodes that serve the database.
             */
            nodes: number;
            /** @description What carries news between nodes: `in-process` or `redis`. */
            relay: string;
            status: string;
        };
        /** @description What happened to each position of a request. All but the rejected ones and those of off-duty time are on disk. */
        Recorded: {
            /**
             * Format: int64
             * @description Number of positions that were stored now.
             */
            accepted: number;
            /**
             * Format: int64
             * @description Number of positions that had been stored before.
             */
            duplicates: number;
            /**
             * Format: int64
             * @description Number of positions of off-duty time, of which nothing is kept; absent if there were none.
             */
            off_duty?: number;
            /** @description The positions that were refused. */
            rejected: components["schemas"]["Rejected"][];
        };
        /** @description One refused position. */
        Rejected: {
            /** @description Why it was refused. */
            detail: string;
            /**
             * Format: int64
             * @description Index in the request's array, from 0.
             */
            index: number;
        };
        /** @description A receiver of a report schedule. */
        ReportReceiver: {
            /**
             * Format: date-time
             * @description When it ended the mails for itself; null if it did not.
             */
            ended_at: string | null;
            /** Format: int64 */
            user_id: number;
        };
        /** @description A report schedule. */
        ReportSchedule: {
            /** @description Whether reports are made. */
            active: boolean;
            /** Format: date-time */
            created_at: string;
            /**
             * @description The form of the file.
             * @enum {string}
             */
            format: "json" | "csv" | "xlsx";
            /**
             * @description What a row sums up; null leaves it to the kind.
             * @enum {string|null}
             */
            group_by: "none" | "vehicle" | "driver" | "day" | "vehicle_day" | null;
            /** Format: int64 */
            id: number;
            /**
             * @description What its reports are about.
             * @enum {string}
             */
            kind: "trips" | "stops" | "mileage" | "utilisation" | "fuel" | "geofences" | "speeding";
            /**
             * @description The language of a workbook's labels.
             * @enum {string}
             */
            language: "en" | "id";
            /**
             * Format: date-time
             * @description When it was due the last time.
             */
            last_at: string | null;
            /** @description The job that it began last. It is kept for a day after its end. */
            last_job: string | null;
            /**
             * @description What became of it then.
             *     - `begun`: a job makes the report, or has made it.
             *     - `not_allowed`: the owner may not see what it is about any more, or may not log in.
             *     - `no_vehicles`: all its vehicles were removed.
             *     - `no_receivers`: nobody gets it any more.
             * @enum {string|null}
             */
            last_outcome: "begun" | "not_allowed" | "no_vehicles" | "no_receivers" | null;
            /** @description Name for people. */
            name: string;
            /**
             * Format: date-time
             * @description When the next report is made; null if it is not active.
             */
            next_at: string | null;
            /**
             * Format: int64
             * @description The user who made it. Its reports show what this user may see when they are made.
             */
            owner_id: number;
            /**
             * @description The time of each report.
             * @enum {string}
             */
            period: "day" | "week" | "month";
            /** @description Who gets them. */
            receivers: components["schemas"]["ReportReceiver"][];
            /**
             * @description When it is made, by the clocks of the zone.
             * @example 06:30:00
             */
            time: string;
            /** @description The IANA time zone. */
            timezone: string;
            /** @description The vehicles that are there still; null for all that the owner sees. */
            vehicle_ids: string[] | null;
        };
        /** @description Who forgot the password: by name, or by address. */
        Reset: {
            tenant?: string | null;
            /** @description The name, or `tenant/name`. */
            username: string;
        } | {
            email: string;
            tenant?: string | null;
        };
        ResetConfirmation: {
            /** @description One that many people have is refused. */
            password: string;
            /** @description What stands after `token=` in the link. */
            token: string;
        };
        /** @description Where a rider was. */
        RiderPosition: {
            /**
             * Format: double
             * @description Degrees north.
             */
            latitude: number;
            /**
             * Format: double
             * @description Degrees east.
             */
            longitude: number;
            /**
             * Format: date-time
             * @description When the server received it: RFC 3339, UTC, milliseconds.
             */
            received_at: string;
        };
        /** @description The outer ring and those of the holes. The last corner of a ring is its first one. */
        Rings: components["schemas"]["LongitudeLatitude"][][];
        /** @description A roaming fence: a circle that moves with a vehicle. */
        RoamingFence: {
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            changed_at: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            created_at: string;
            /**
             * Format: int32
             * @description How long they are near before they meet, seconds; null for at once.
             */
            dwell_s: number | null;
            /** Format: int64 */
            id: number;
            name: string;
            /** @description What raises alerts: meet, part, or both. */
            on: ("meet" | "part")[];
            others: components["schemas"]["VehicleSelection"] | null;
            /**
             * Format: double
             * @description Two vehicles that are no farther from each other are near, metres.
             */
            radius_m: number;
            /** @description The vehicles that it moves with. */
            vehicles: components["schemas"]["VehicleSelection"];
        };
        /** @description How to replace a webhook's secret. */
        RotateSecret: {
            /**
             * Format: int32
             * @description For how many seconds calls are signed with the old secret too, 0 to 604800; 86400 if absent.
             */
            overlap?: number;
        };
        /** @description A tenant's thresholds. */
        Rules: {
            /**
             * Format: date-time
             * @description When they were changed last: RFC 3339, UTC, milliseconds; null before the first time.
             */
            changed_at: string | null;
            /** @description The thresholds that the tenant has set itself. */
            own: Record<string, never>;
            /** @description All of them, as they apply. */
            thresholds: components["schemas"]["Thresholds"];
            /**
             * Format: int64
             * @description Counts up with each change; 0 before the first.
             */
            version: number;
        };
        /** @description The hours of the week in which a geofence applies. */
        Schedule: {
            /**
             * @description The days on which the time begins: mon, tue, wed, thu, fri, sat, sun.
             * @example [
             *       "mon",
             *       "tue",
             *       "wed",
             *       "thu",
             *       "fri"
             *     ]
             */
            days: ("mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun")[];
            /**
             * @description From this time of day, `07:00` or `07:00:00`.
             * @example 07:00
             */
            from: string;
            /**
             * @description In place of the offset: the IANA time zone whose clock it is, summer time included.
             * @example Europe/Berlin
             */
            timezone?: string | null;
            /**
             * @description Until this time of day, on the next day if it is not after `from`.
             * @example 16:30
             */
            to: string;
            /**
             * Format: int64
             * @description The clock's offset from UTC all year round, minutes, -840 to 840; 0 if neither it nor `timezone` is given.
             */
            utc_offset_minutes?: number | null;
        };
        /** @description The roles that need a second factor. */
        SecondFactor: {
            /** @description Users with one of them can do nothing else until they have set one up. */
            roles: ("superadmin" | "admin" | "manager" | "parent" | "driver" | "client" | "rider" | "merchant" | "cadet" | "training_staff")[];
        };
        SecondFactorDue: {
            /** @description Names the login that waits, for five minutes. */
            challenge: string;
            /** @description The kinds of which one is due. */
            second_factor: string[];
        };
        /** @description The sent notifications or messages, one for each user, in the order of `user_ids`. */
        Sent: {
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            created_at: string;
            /** @description One for each user. */
            items: components["schemas"]["SentItem"][];
        };
        /** @description One user's notification or message. */
        SentItem: {
            /**
             * Format: int64
             * @description Number of the notification or message.
             */
            id: number;
            /**
             * Format: int64
             * @description Number of the user who gets it.
             */
            user_id: number;
        };
        /** @description A cadet's attendance of a training day. */
        SetAttendance: {
            /**
             * @description present, absent, late or excused.
             * @enum {string}
             */
            status: "present" | "absent" | "late" | "excused";
            /** @description `08:00` or `08:00:00`; absent if unknown. */
            time_in?: string | null;
            /** @description `17:00` or `17:00:00`; past midnight if it is before `time_in`; absent if unknown. */
            time_out?: string | null;
        };
        /** @description A fresh proof of who the caller is. */
        SetErasure: {
            /** @description The caller's own password. It may be absent within five minutes of a login. */
            password?: string | null;
        };
        /** @description The roles that need a second factor from now on. */
        SetSecondFactor: {
            /** @description All of them; none if empty. */
            roles: ("superadmin" | "admin" | "manager" | "parent" | "driver" | "client" | "rider" | "merchant" | "cadet" | "training_staff")[];
        };
        /** @description A share. */
        Share: {
            /** Format: date-time */
            created_at: string;
            /**
             * Format: int64
             * @description The user who made it; null if that has no number here.
             */
            created_by: number | null;
            /**
             * Format: date-time
             * @description When it ends.
             */
            expires_at: string;
            /** Format: int64 */
            id: number;
            /** @description Name for people. */
            name: string;
            /**
             * Format: date-time
             * @description When its page was opened the last time; null if it was not.
             */
            opened_at: string | null;
            /**
             * Format: int64
             * @description How often its page was opened. Openings within a second of each other count as one.
             */
            opened_count: number;
            /**
             * Format: date-time
             * @description When it was recalled; null if it was not.
             */
            recalled_at: string | null;
            /** @description What the guest sends: in `hello` at `/ws`, or as `Authorization: Bearer` at `/api/v1/stream`. Its page is `/s#` and the token. Only in the answer that made it. */
            token?: string | null;
            /** @description The vehicles that the guest sees. One that was removed since is missing, also if another has its id now. */
            vehicle_ids: string[];
        };
        /**
         * @description - `open`: guests follow its vehicles.
         *     - `ended`: its time is over.
         *     - `recalled`: somebody recalled it.
         *     - `empty`: all its vehicles were removed.
         * @enum {string}
         */
        ShareState: "open" | "ended" | "recalled" | "empty";
        /** @description A guest's token. */
        ShareToken: {
            token: string;
        };
        /** @description A manual event that was published. */
        SyncEvent: {
            /**
             * Format: int64
             * @description The cadet who gets it, besides staff.
             */
            cadet_id: number | null;
            /**
             * Format: int64
             * @description Its id among the tenant's events.
             */
            event_id: number;
            /** @description The `type` of its message. */
            event_type: string;
            /** @description The `data` of its message. */
            payload: Record<string, never>;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            timestamp: string;
        };
        /** @description A tenant. */
        Tenant: {
            /**
             * @description Short id, part of URLs and messages.
             * @example acme
             */
            id: string;
            /**
             * @description Name for people.
             * @example Acme Coaches
             */
            name: string;
        };
        /** @description What is set for a tenant. */
        TenantSettings: {
            id: string;
            /**
             * @description What is left out while one of its drivers is off duty.
             * @enum {string}
             */
            off_duty: "kept" | "phones" | "vehicles";
            /** @description Whether its deliveries end with a proof only. */
            proof_required: boolean;
        };
        /** @description All thresholds as they apply. */
        Thresholds: {
            /**
             * Format: double
             * @description Accelerating harder than this is harsh, m/s². Default 3.5.
             */
            acceleration_mps2: number;
            /**
             * Format: double
             * @description Braking harder than this is harsh, m/s². Default 4.
             */
            braking_mps2: number;
            /**
             * Format: double
             * @description Lateral acceleration above this is harsh cornering, m/s². Default 4.
             */
            cornering_mps2: number;
            /**
             * Format: double
             * @description A parked vehicle is on a trip when it is this far from where it stood, metres. Default 100: white noise of
             *     σ 15 m stays within 75 m in a day of one fix a second.
             */
            depart_m: number;
            /**
             * Format: double
             * @description One fix decides that a vehicle is inside or outside a geofence, if it is as far from the edge as the
             *     receiver's noise: at least half and at most five times this, metres. Nearer to the edge, the next fix
             *     decides. Default 10.
             */
            edge_margin_m: number;
            /**
             * Format: double
             * @description Noise of the level sensor, litres. Default 1.5.
             */
            fuel_noise_l: number;
            /**
             * Format: int32
             * @description A longer silence is a gap, seconds. The trip goes on after it only if the distance was driven. Default
             *     300.
             */
            gap_after_s: number;
            /**
             * Format: int32
             * @description After a longer silence no trip goes on, seconds. Default 1800.
             */
            gap_max_s: number;
            /**
             * Format: double
             * @description A gap with a lower average speed was standing, not driving, km/h. Default 5.
             */
            gap_speed_kmh: number;
            /**
             * Format: double
             * @description Consumption of an idling engine, litres an hour: not theft, unless the ignition is known to be off.
             *     Default 3.
             */
            idle_l_per_h: number;
            /**
             * Format: double
             * @description A fix may be off by this much, beside its noise, without being a jump, metres. Default 100.
             */
            jump_slack_m: number;
            /**
             * Format: double
             * @description Below this speed no manoeuvre is harsh, km/h. Default 15.
             */
            manoeuvre_kmh: number;
            /**
             * Format: int32
             * @description Manoeuvres are measured between fixes that are at most this far apart, seconds. Default 3.
             */
            manoeuvre_s: number;
            /**
             * Format: double
             * @description The highest acceleration of any vehicle, m/s²: a fix that needs more is a jump. Default 4: a fast car's.
             */
            max_acceleration_mps2: number;
            /**
             * Format: double
             * @description A fix with a claimed accuracy worse than this is an outlier, metres. Default 200: a fix that is off by
             *     more than a block of houses is useless for trips and fences.
             */
            max_accuracy_m: number;
            /**
             * Format: double
             * @description The highest speed of any vehicle, km/h. Default 250.
             */
            max_speed_kmh: number;
            /**
             * Format: double
             * @description A reported speed of this or more is driving, km/h. Default 10.
             */
            moving_kmh: number;
            /**
             * Format: double
             * @description A receiver's noise (one standard deviation along each axis) until its vehicle has stood, metres; more if
             *     it claims to be worse. Default 10.
             */
            noise_m: number;
            /**
             * Format: int32
             * @description A vehicle without a position for this long is offline, seconds; later if its device usually reports less often. Default 600.
             */
            offline_after_s: number;
            /**
             * Format: double
             * @description A running trip is published again after this distance, or after `progress_s`, metres. Default 1000.
             */
            progress_m: number;
            /**
             * Format: int32
             * @description A running trip is published again after this much time of its track, or after `progress_m`, seconds.
             *     Default 30.
             */
            progress_s: number;
            /**
             * Format: double
             * @description A rise of this much is refuelling, litres. Default 10.
             */
            refuel_l: number;
            /**
             * Format: int32
             * @description Doubtful fixes, which are shown all the same, have to agree with each other for this long beside that,
             *     seconds. Default 60.
             */
            relocate_after_s: number;
            /**
             * Format: int32
             * @description This many jumps in a row that agree with each other make a relocation: the vehicle is there after all.
             *     Default 3.
             */
            relocate_fixes: number;
            /**
             * Format: double
             * @description The line between two fixes is checked for geofences if they are at most this far apart, metres. Default
             *     20000.
             */
            segment_max_m: number;
            /**
             * Format: int32
             * @description The line between two fixes is checked for geofences if they are at most this far apart in time, seconds.
             *     Default 300.
             */
            segment_max_s: number;
            /**
             * Format: double
             * @description Speed limit of a vehicle that has none of its own, km/h. Default 80.
             */
            speed_limit_kmh: number;
            /**
             * Format: int32
             * @description A speed above the limit for this long is a violation, seconds. Default 5: errors of a receiver are
             *     shorter.
             */
            speeding_for_s: number;
            /**
             * Format: double
             * @description A violation ends this far below the limit, km/h. Default 3.
             */
            speeding_hysteresis_kmh: number;
            /**
             * Format: double
             * @description Distance is measured in steps of at least this, metres (or 1.5 times the noise). Default 15.
             */
            step_m: number;
            /**
             * Format: int32
             * @description A vehicle stands when it has stayed in that circle for this long, seconds. Default 45: a red light is
             *     driving.
             */
            still_after_s: number;
            /**
             * Format: double
             * @description Largest radius of that circle, metres. Default 100.
             */
            still_radius_max_m: number;
            /**
             * Format: double
             * @description A vehicle that stays within a circle of four times the noise stands. Least radius of that circle, metres.
             *     Default 30.
             */
            still_radius_min_m: number;
            /**
             * Format: int32
             * @description Standing for this long ends the trip, seconds. It ends when the vehicle came to stand. Default 300.
             */
            stop_after_s: number;
            /**
             * Format: double
             * @description A loss of this much while the vehicle stands is theft, litres. Default 10.
             */
            theft_l: number;
            /**
             * Format: double
             * @description A loss of this part of the tank's content while the vehicle stands is theft, percent, if it is at least
             *     three times `fuel_noise_l`. Default 15.
             */
            theft_percent: number;
        };
        TokenPair: {
            access: string;
            refresh: string;
        };
        TokenRefresh: {
            refresh: string;
        };
        TotpCode: {
            code: string;
        };
        TotpSetup: {
            /** @description For a QR code. */
            otpauth_url: string;
            /** @description In base32, to be typed. */
            secret: string;
        };
        /** @description A trip. */
        Trip: {
            /**
             * Format: double
             * @description Distance, km.
             */
            distance: number;
            /**
             * Format: int64
             * @description Number of the user who drove.
             */
            driver_id: number | null;
            /**
             * Format: double
             * @description Minutes from start to end, or to the last position.
             */
            duration: number;
            end_place: components["schemas"]["TripPlace"] | null;
            /**
             * Format: date-time
             * @description Null while it is under way.
             */
            end_time: string | null;
            /**
             * Format: date-time
             * @description Time of the last position that the statistics include.
             */
            followed_to: string;
            /**
             * Format: double
             * @description Fuel used, litres; null if neither a level nor a consumption is known.
             */
            fuel_l: number | null;
            /**
             * @description measured: by the tank's level; estimated: by the distance.
             * @enum {string|null}
             */
            fuel_source: "measured" | "estimated" | null;
            id: string;
            /**
             * Format: double
             * @description Time standing, minutes.
             */
            idle_minutes: number;
            /**
             * Format: double
             * @description Highest speed, km/h.
             */
            max_speed: number | null;
            /**
             * Format: double
             * @description Time in motion, minutes.
             */
            moving_minutes: number;
            /**
             * @description auto: found in the positions; manual: started by hand.
             * @enum {string}
             */
            origin: "auto" | "manual";
            /** @description Up to 1000 positions, oldest first, without outliers. Lists leave this out. */
            path?: components["schemas"]["Position"][];
            /** @description The `cursor` for the rest of the path; null if there is none. Lists leave this out. */
            path_next?: string | null;
            start_place: components["schemas"]["TripPlace"] | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            start_time: string;
            /**
             * @description started, completed or cancelled.
             * @enum {string}
             */
            status: "started" | "completed" | "cancelled";
            vehicle_id: string;
        };
        /** @description A point on the map. */
        TripPlace: {
            /**
             * Format: double
             * @description Degrees north.
             */
            latitude: number;
            /**
             * Format: double
             * @description Degrees east.
             */
            longitude: number;
        };
        /** @description A device that reported and that nobody has added. */
        UnknownDevice: {
            /** @description Where its last report came from; null through a broker. */
            address: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            first_seen: string;
            id: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC, milliseconds.
             */
            last_seen: string;
            /** @enum {string} */
            protocol: "osmand" | "traccar" | "gpslogger" | "owntracks" | "overland" | "mqtt" | "teltonika" | "gt06" | "h02" | "gps103" | "tk103" | "jt808" | "queclink" | "meitrack" | "ruptela" | "suntech" | "nmea";
            /** @description How it names itself. */
            unique_id: string;
        };
        /** @description A user. */
        User: {
            /** @description In the answer that deactivated it: the access tokens that it made. They go on until somebody removes them. */
            access_tokens?: components["schemas"]["ProgramToken"][];
            /** @description Only an active user can authenticate. */
            active: boolean;
            /**
             * @description Which mails about alerts it gets.
             * @enum {string}
             */
            alert_mail: "at_once" | "quarter_hour" | "daily" | "off";
            /** @description Only an approved user can authenticate. */
            approved: boolean;
            /**
             * Format: int64
             * @description For cadets: the cadet whose records it may see.
             */
            cadet_id: number | null;
            /** @description Where e-mail goes. */
            email: string | null;
            /**
             * Format: date-time
             * @description Since when it gets no mail, because its mail server refuses the address. Setting the address again ends that.
             */
            email_refused_at: string | null;
            /** Format: int64 */
            id: number;
            /**
             * @description The language of messages.
             * @enum {string|null}
             */
            language: "en" | "id" | null;
            /**
             * @description One of the roles that `POST /users` lists.
             * @enum {string}
             */
            role: "superadmin" | "admin" | "manager" | "parent" | "driver" | "client" | "rider" | "merchant" | "cadet" | "training_staff";
            /** @description Id of its tenant. */
            tenant: string;
            /** @description The zone of times in messages. */
            timezone: string | null;
            /** @description Login name. */
            username: string;
            /** @description Vehicles it may see. */
            vehicle_ids: string[];
        };
        /** @description A vehicle with its last position. */
        Vehicle: {
            /**
             * Format: double
             * @description With `near`: metres from the place to the vehicle, on the sphere.
             */
            distance_m?: number | null;
            /** Format: int64 */
            driver_id: number | null;
            /** Format: double */
            fuel_l_per_100km: number | null;
            /** Format: double */
            fuel_price_per_l: number | null;
            id: string;
            kind: string;
            label: string;
            license_plate: string | null;
            /** Format: double */
            odometer_km: number | null;
            /**
             * Format: date-time
             * @description Since when its driver is off duty: RFC 3339, UTC, milliseconds; absent on duty.
             */
            off_duty_since?: string | null;
            position: components["schemas"]["Position"] | null;
            route: string | null;
            /**
             * Format: date-time
             * @description When the next service is due: RFC 3339, UTC, milliseconds.
             */
            service_due_at: string | null;
            /**
             * Format: double
             * @description The odometer's reading at which the next service is due, km.
             */
            service_due_km: number | null;
            /** Format: double */
            speed_limit_kmh: number | null;
            status: string;
        };
        /** @description Vehicles that have one of these ids, kinds or routes; without any, all vehicles. */
        VehicleSelection: {
            /**
             * @description Kinds, at most 100.
             * @example [
             *       "bus"
             *     ]
             */
            kinds?: string[] | null;
            /** @description Routes, at most 100. */
            routes?: string[] | null;
            /** @description Ids, 1 to 1000. */
            vehicle_ids?: string[] | null;
        };
        WaitingLogin: {
            challenge: string;
        };
        /** @description A webhook. */
        Webhook: {
            /** @description Whether it gets calls. */
            active: boolean;
            /**
             * Format: date-time
             * @description When it was added.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description Since when it is not active, because its receiver answered 410 or a PATCH said so. Retrying one of its dead calls by
             *     hand makes it active again.
             */
            disabled_at?: string | null;
            /** @description The kinds of events that it gets; all if empty. */
            events: ("delivery.started" | "delivery.status_changed" | "parcel.added" | "parcel.changed" | "parcel.zone_crossed" | "grade.updated" | "attendance.updated" | "scores.updated" | "trip.changed" | "geofence.crossed" | "driver.event" | "maintenance.due" | "alert.raised")[];
            /** Format: int64 */
            id: number;
            /**
             * Format: date-time
             * @description Until when calls are signed with a replaced secret too.
             */
            old_secret_valid_until?: string | null;
            /** @description The secret that signs the calls, shown only when the webhook is added or its secret is replaced. */
            secret?: string | null;
            /** @description Where its calls go. */
            url: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description The version that the answer shows, for `If-Match` and `If-None-Match`. */
        ETag: string;
        /** @description `true` if the answer is that of an earlier request with the same key. */
        IdempotencyReplayed: "true";
        /** @description Where the new thing can be read. */
        Location: string;
        /** @description Seconds after which to try again. Absent if trying again does not help. */
        RetryAfter: number;
        /** @description How to authenticate. */
        WwwAuthenticate: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    stream_events: {
        parameters: {
            header?: {
                /** @description The id of the last event that the client has seen. */
                "Last-Event-ID"?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
        };
    };
    issue_tokens: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenPair"];
                };
            };
        };
    };
    refresh_token: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenRefresh"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccessToken"];
                };
            };
        };
    };
    list_access_tokens: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ProgramToken"];
                };
            };
        };
    };
    add_access_token: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProgramToken"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProgramToken"];
                };
            };
        };
    };
    remove_access_token: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    list_alerts: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Only alerts that nobody has marked read: `true`, `1` or no value. `false` and `0` list all. */
                unread?: "true" | "1" | "" | "false" | "0";
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Alert"];
                };
            };
        };
    };
    raise_alert: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAlert"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alert"];
                };
            };
        };
    };
    delete_alert: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: string;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    mark_alert_read: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alert"];
                };
            };
        };
    };
    show_asyncapi: {
        parameters: {
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    list_audit: {
        parameters: {
            query?: {
                /** @description Rows of this time or later, RFC 3339 or Unix time. */
                from?: components["schemas"]["Instant"];
                /** @description Rows of before this time. */
                to?: components["schemas"]["Instant"];
                /** @description The number of the user who did it. */
                actor?: number;
                /** @description What it was done to: `kind:id`, such as `vehicle:bus-7`. */
                subject?: string;
                /** @description What was done: `kind.verb`, such as `geofence.update`. */
                action?: string;
                /** @description `csv` answers with all rows as a file. */
                format?: "json" | "csv";
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AuditEntry"];
                    "application/geo+json": components["schemas"]["FeatureCollection"];
                    "application/gpx+xml": string;
                    "application/vnd.google-earth.kml+xml": string;
                    "text/csv": string;
                };
            };
        };
    };
    list_cadets: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Cadet"];
                };
            };
        };
    };
    add_cadet: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCadet"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Cadet"];
                };
            };
        };
    };
    get_cadet: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has. If it is the present one, the answer is 304. */
                "If-None-Match"?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Cadet"];
                };
            };
        };
    };
    list_attendance: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Attendance"];
                };
            };
        };
    };
    record_attendance: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the cadet that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: number;
                training_day_id: number;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetAttendance"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Attendance"];
                };
            };
        };
    };
    list_grades: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Grade"];
                };
            };
        };
    };
    give_grade: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: number;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewGrade"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Grade"];
                };
            };
        };
    };
    take_back_grade: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the cadet that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: number;
                grade_id: number;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    change_scores: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the cadet that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: number;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeScores"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Cadet"];
                };
            };
        };
    };
    get_dashboard: {
        parameters: {
            query?: {
                /** @description From this instant; 24 hours before `to` if absent. */
                from?: components["schemas"]["Instant"];
                /** @description Before this instant; until now if absent. */
                to?: components["schemas"]["Instant"];
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dashboard"];
                };
            };
        };
    };
    list_deliveries: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Only those with this status. */
                status?: "ASSIGNED" | "PICKED_UP" | "IN_TRANSIT" | "DELIVERED";
                /** @description Only those of this rider. */
                rider_id?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ListedDelivery"];
                };
            };
        };
    };
    list_proofs: {
        parameters: {
            path: {
                id: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Proofs"];
                };
            };
        };
    };
    add_proof: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["NewProof"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddedProof"];
                };
            };
        };
    };
    read_proof_file: {
        parameters: {
            path: {
                id: string;
                proof_id: string;
                file: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": string;
                    "image/png": string;
                };
            };
        };
    };
    list_devices: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Device"];
                };
            };
        };
    };
    add_device: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDevice"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
        };
    };
    list_unknown_devices: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_UnknownDevice"];
                };
            };
        };
    };
    adopt_device: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAdoption"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
        };
    };
    get_device: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has. If it is the present one, the answer is 304. */
                "If-None-Match"?: string;
            };
            path: {
                id: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
        };
    };
    remove_device: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: string;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    change_device: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeDevice"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
        };
    };
    list_commands: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Command"];
                };
            };
        };
    };
    issue_command: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCommand"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Command"];
                };
            };
        };
    };
    get_duty: {
        parameters: {
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Duty"];
                };
            };
        };
    };
    change_duty: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeDuty"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Duty"];
                };
            };
        };
    };
    get_rules: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has. If it is the present one, the answer is 304. */
                "If-None-Match"?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rules"];
                };
            };
        };
    };
    change_rules: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeRules"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rules"];
                };
            };
        };
    };
    list_geofences: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Geofence"];
                };
            };
        };
    };
    add_geofence: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewGeofence"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Geofence"];
                };
            };
        };
    };
    get_geofence: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has. If it is the present one, the answer is 304. */
                "If-None-Match"?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Geofence"];
                };
            };
        };
    };
    remove_geofence: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    change_geofence: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: number;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeGeofence"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Geofence"];
                };
            };
        };
    };
    get_job: {
        parameters: {
            path: {
                id: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
        };
    };
    mail_report: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddedJob"];
                };
            };
        };
    };
    read_job_result: {
        parameters: {
            path: {
                id: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": number[];
                    "application/zip": string;
                    "text/csv": string;
                };
            };
        };
    };
    record_location: {
        parameters: {
            path: {
                device_id: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKioskLocation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KioskLocation"];
                };
            };
        };
    };
    list_messages: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Only those not yet read: `true`, `1` or no value. `false` and `0` list all. */
                unread?: "true" | "1" | "" | "false" | "0";
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Message"];
                };
            };
        };
    };
    send_messages: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMessage"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sent"];
                };
            };
        };
    };
    read_message: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Message"];
                };
            };
        };
    };
    list_notifications: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Only those not yet read: `true`, `1` or no value. `false` and `0` list all. */
                unread?: "true" | "1" | "" | "false" | "0";
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Notification"];
                };
            };
        };
    };
    send_notifications: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewNotification"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sent"];
                };
            };
        };
    };
    read_notification: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Notification"];
                };
            };
        };
    };
    get_openapi: {
        parameters: {
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    list_outgoing_calls: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description orders or notifications; all calls, including those to webhooks, if absent. */
                target?: "orders" | "notifications";
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OutgoingCall"];
                };
            };
        };
    };
    retry_outgoing_call: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OutgoingCall"];
                };
            };
        };
    };
    list_parcels: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Only those with this status. */
                status?: "pending" | "assigned" | "picked_up" | "in_transit" | "out_for_delivery" | "delivered" | "cancelled";
                /** @description Only those of this client. */
                client_id?: number;
                /** @description Only those of this driver. */
                driver_id?: number;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Parcel"];
                };
            };
        };
    };
    add_parcel: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewParcel"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Parcel"];
                };
            };
        };
    };
    get_parcel: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has. If it is the present one, the answer is 304. */
                "If-None-Match"?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Parcel"];
                };
            };
        };
    };
    change_parcel: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: number;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeParcel"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Parcel"];
                };
            };
        };
    };
    read_parcel_path: {
        parameters: {
            query?: {
                /** @description json (paged), geojson, gpx, csv or kml (whole); what the `Accept` header prefers if absent, else json. */
                format?: "json" | "geojson" | "gpx" | "csv" | "kml";
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description JSON, or the file of the asked format */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_PathPoint"];
                    "application/geo+json": components["schemas"]["FeatureCollection"];
                    "application/gpx+xml": string;
                    "application/vnd.google-earth.kml+xml": string;
                    "text/csv": string;
                };
            };
        };
    };
    list_positions_at: {
        parameters: {
            query: {
                /** @description The moment. */
                at: components["schemas"]["Instant"];
                /** @description How old a position may have been then, seconds, up to a day; an hour if absent. */
                max_age?: number;
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Position"];
                };
            };
        };
    };
    record_positions: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPositions"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recorded"];
                };
            };
        };
    };
    get_push_key: {
        parameters: {
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PushKey"];
                };
            };
        };
    };
    list_push_subscriptions: {
        parameters: {
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_PushSubscription"];
                };
            };
        };
    };
    add_push_subscription: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPushSubscription"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PushSubscription"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PushSubscription"];
                };
            };
        };
    };
    remove_push_subscription: {
        parameters: {
            path: {
                id: number;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    list_report_schedules: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ReportSchedule"];
                };
            };
        };
    };
    add_report_schedule: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewReportSchedule"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportSchedule"];
                };
            };
        };
    };
    get_report_schedule: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportSchedule"];
                };
            };
        };
    };
    remove_report_schedule: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    change_report_schedule: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: number;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeReportSchedule"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReportSchedule"];
                };
            };
        };
    };
    make_report: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewReport"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddedJob"];
                };
            };
        };
    };
    list_roaming_fences: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RoamingFence"];
                };
            };
        };
    };
    add_roaming_fence: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRoamingFence"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoamingFence"];
                };
            };
        };
    };
    get_roaming_fence: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoamingFence"];
                };
            };
        };
    };
    remove_roaming_fence: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    change_roaming_fence: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: number;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeRoamingFence"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoamingFence"];
                };
            };
        };
    };
    list_encounters: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Encounter"];
                };
            };
        };
    };
    get_second_factor: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecondFactor"];
                };
            };
        };
    };
    set_second_factor: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetSecondFactor"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecondFactor"];
                };
            };
        };
    };
    list_shares: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Share"];
                };
            };
        };
    };
    add_share: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewShare"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Share"];
                };
            };
        };
    };
    open_share: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ShareToken"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenedShare"];
                };
            };
        };
    };
    remove_share: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    follow: {
        parameters: {
            query?: {
                /** @description What to follow, by commas: vehicles, alerts, trips, events, notices, records, dashboard, presence. */
                to?: components["schemas"]["Instant"];
                /** @description Vehicles by id, by commas. */
                ids?: string;
                /** @description Vehicles by route, by commas. */
                routes?: string;
                /** @description Vehicles by kind, by commas. */
                kinds?: string;
                /** @description The vehicles within a box: west, south, east and north in degrees, by commas. */
                box?: string;
                /** @description With box: the most vehicles; clusters come where there are more. */
                max?: number;
                /** @description The vehicles nearest to a place: its latitude and longitude in degrees, by a comma. */
                near?: string;
                /** @description With near: the number of vehicles. */
                limit?: number;
                /** @description With near: only vehicles within so many metres. */
                radius?: number;
                /** @description The vehicles in a region: west,south,east,north in degrees, geofence: and a geofence's number, or a GeoJSON polygon. */
                within?: string;
                /** @description The number of one parcel. */
                parcel?: string;
                /** @description The number of one cadet. */
                cadet?: string;
                /** @description The tracking_id of one delivery, which a visitor may follow without a credential. */
                delivery?: string;
            };
            header?: {
                /** @description The id of the last event that the client has taken. */
                "Last-Event-ID"?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
        };
    };
    publish_sync_event: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSyncEvent"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SyncEvent"];
                };
            };
        };
    };
    list_tenants: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Tenant"];
                };
            };
        };
    };
    add_tenant: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Tenant"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
        };
    };
    change_tenant: {
        parameters: {
            path: {
                id: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeTenant"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantSettings"];
                };
            };
        };
    };
    list_trips: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Only trips of this vehicle. */
                vehicle_id?: string;
                /** @description Only trips that this user drove. */
                driver_id?: number;
                /** @description Only trips with this status: started, completed or cancelled. */
                status?: "started" | "completed" | "cancelled";
                /** @description Still under way at this instant, or started later. */
                from?: components["schemas"]["Instant"];
                /** @description Started before this instant. */
                to?: components["schemas"]["Instant"];
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Trip"];
                };
            };
        };
    };
    start_trip: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTrip"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trip"];
                };
            };
        };
    };
    get_trip: {
        parameters: {
            query?: {
                /** @description json (default), geojson, gpx, csv or kml (the whole path). */
                format?: "json" | "geojson" | "gpx" | "csv" | "kml";
                /** @description For a superadmin: the trip's tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: string;
            };
        };
        responses: {
            /** @description JSON, or the file of the asked format */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trip"];
                    "application/geo+json": components["schemas"]["FeatureCollection"];
                    "application/gpx+xml": string;
                    "application/vnd.google-earth.kml+xml": string;
                    "text/csv": string;
                };
            };
        };
    };
    cancel_trip: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trip"];
                };
            };
        };
    };
    complete_trip: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trip"];
                };
            };
        };
    };
    read_trip_path: {
        parameters: {
            query?: {
                /** @description json (default), geojson, gpx, csv or kml (the whole path). */
                format?: "json" | "geojson" | "gpx" | "csv" | "kml";
                /** @description For a superadmin: the trip's tenant; its own if absent. */
                tenant?: string;
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
            };
            path: {
                id: string;
            };
        };
        responses: {
            /** @description JSON, or the file of the asked format */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Position"];
                    "application/geo+json": components["schemas"]["FeatureCollection"];
                    "application/gpx+xml": string;
                    "application/vnd.google-earth.kml+xml": string;
                    "text/csv": string;
                };
            };
        };
    };
    list_users: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_User"];
                };
            };
        };
    };
    add_user: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    get_user: {
        parameters: {
            header?: {
                /** @description The `ETag` of the version that the client has. If it is the present one, the answer is 304. */
                "If-None-Match"?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    remove_user: {
        parameters: {
            header?: {
                /** @description The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    change_user: {
        parameters: {
            header?: {
                /** @description The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: number;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeUser"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    erase_user: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: number;
            };
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SetErasure"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasure"];
                };
            };
        };
    };
    keep_user: {
        parameters: {
            path: {
                id: number;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    export_user: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddedJob"];
                };
            };
        };
    };
    invite_user: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
        };
    };
    list_off_duty: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OffDuty"];
                };
            };
        };
    };
    reset_passkeys: {
        parameters: {
            path: {
                id: number;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    reset_second_factor: {
        parameters: {
            path: {
                id: number;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    list_vehicles: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description The vehicles nearest to a place, the nearest first: its latitude and longitude in degrees, by a comma. */
                near?: string;
                /** @description With `near`: only vehicles within so many metres. */
                radius?: number;
                /**
                 * @description The vehicles in a region: `west,south,east,north` in degrees, `geofence:` and a geofence's number, or a GeoJSON `Polygon` or
                 *     `MultiPolygon` of up to 8 KiB.
                 */
                within?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Vehicle"];
                };
            };
        };
    };
    add_vehicle: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewVehicle"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Vehicle"];
                };
            };
        };
    };
    get_vehicle: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Vehicle"];
                };
            };
        };
    };
    remove_vehicle: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: string;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    change_vehicle: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeVehicle"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Vehicle"];
                };
            };
        };
    };
    read_track: {
        parameters: {
            query?: {
                /** @description From this instant; from the beginning if absent. */
                from?: components["schemas"]["Instant"];
                /** @description Before this instant; to the end if absent. */
                to?: components["schemas"]["Instant"];
                /** @description json (paged), geojson, gpx, csv or kml (whole); what the `Accept` header prefers if absent, else json. */
                format?: "json" | "geojson" | "gpx" | "csv" | "kml";
                /**
                 * @description 1 or true: also positions that are held to be wrong, such as 0, 0 and impossible jumps. In JSON they have
                 *     `"outlier": true`.
                 */
                outliers?: "true" | "1" | "" | "false" | "0";
                /** @description For a superadmin: the vehicle's tenant. */
                tenant?: string;
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
            };
            path: {
                id: string;
            };
        };
        responses: {
            /** @description JSON, or the file of the asked format */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Position"];
                    "application/geo+json": components["schemas"]["FeatureCollection"];
                    "application/gpx+xml": string;
                    "application/vnd.google-earth.kml+xml": string;
                    "text/csv": string;
                };
            };
        };
    };
    list_webhooks: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Webhook"];
                };
            };
        };
    };
    add_webhook: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWebhook"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    get_webhook: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    remove_webhook: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    change_webhook: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing changes. */
                "If-Match"?: string;
            };
            path: {
                id: number;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeWebhook"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    list_webhook_deliveries: {
        parameters: {
            query?: {
                /** @description Items in the page, 1 to 1000, 100 if absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_OutgoingCall"];
                };
            };
        };
    };
    retry_webhook_delivery: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: number;
                delivery_id: number;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OutgoingCall"];
                };
            };
        };
    };
    rotate_webhook_secret: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: number;
            };
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RotateSecret"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
        };
    };
    test_webhook: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: number;
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OutgoingCall"];
                };
            };
        };
    };
    get_email: {
        parameters: {
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnEmail"];
                };
            };
        };
    };
    request_confirmation: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewConfirmation"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    confirm_email: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailConfirmation"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    open_session: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description The password was right, and a second factor is due. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecondFactorDue"];
                };
            };
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    answer_with_passkey: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasskeyAnswer"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    ask_for_passkey: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WaitingLogin"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyQuestion"];
                };
            };
        };
    };
    answer_challenge: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChallengeAnswer"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    close_session: {
        parameters: {
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    end_logins: {
        parameters: {
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    show_caller: {
        parameters: {
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
        };
    };
    log_out_by_provider: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["BackChannelLogout"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    end_login: {
        parameters: {
            query?: {
                state?: string;
                code?: string;
                error?: string;
            };
        };
        responses: {
            /** @description Refused, with a sentence that says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    begin_login: {
        parameters: {
            query?: {
                /** @description The path of this server to which it returns. */
                return_to?: string;
            };
        };
        responses: {
            /** @description Refused, with a sentence that says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    list_passkeys: {
        parameters: {
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Passkeys"];
                };
            };
        };
    };
    add_passkey: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPasskey"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddedPasskey"];
                };
            };
        };
    };
    begin_passkey: {
        parameters: {
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PasswordAgain"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyQuestion"];
                };
            };
        };
    };
    remove_passkey: {
        parameters: {
            path: {
                id: number;
            };
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PasswordAgain"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    list_providers: {
        parameters: {
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Provider"][];
                };
            };
        };
    };
    request_reset: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Reset"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    confirm_reset: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResetConfirmation"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    list_sessions: {
        parameters: {
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginSessions"];
                };
            };
        };
    };
    end_session: {
        parameters: {
            path: {
                id: string;
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    step_up: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasskeyAnswer"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    begin_step_up: {
        parameters: {
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyQuestion"];
                };
            };
        };
    };
    begin_totp: {
        parameters: {
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TotpSetup"];
                };
            };
        };
    };
    remove_totp: {
        parameters: {
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PasswordAgain"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    confirm_totp: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TotpCode"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfirmedTotp"];
                };
            };
        };
    };
    report_gpslogger_url: {
        parameters: {
            query?: {
                /** @description The device's unique id. */
                id?: string;
                /** @description The device's key. */
                key?: string;
                lat?: number;
                lon?: number;
                /** @description Metres a second. */
                speed?: number;
                /** @description Unix seconds or milliseconds, or ISO 8601; now if absent. */
                timestamp?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    report_gpslogger: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    report_named_gpslogger_url: {
        parameters: {
            query?: {
                /** @description The device's key. */
                key?: string;
                lat?: number;
                lon?: number;
                /** @description Metres a second. */
                speed?: number;
                /** @description Unix seconds or milliseconds, or ISO 8601; now if absent. */
                timestamp?: string;
            };
            path: {
                /** @description The device's unique id. */
                id: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    report_named_gpslogger: {
        parameters: {
            path: {
                /** @description The device's unique id. */
                id: string;
            };
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    report_osmand_url: {
        parameters: {
            query?: {
                /** @description The device's unique id. */
                id?: string;
                /** @description The device's key. */
                key?: string;
                lat?: number;
                lon?: number;
                /** @description Knots. */
                speed?: number;
                /** @description Unix seconds or milliseconds, or ISO 8601; now if absent. */
                timestamp?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    report_osmand: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
                "application/x-www-form-urlencoded": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    report_overland: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        result?: string;
                    };
                };
            };
        };
    };
    report_owntracks: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>[];
                };
            };
        };
    };
    report_traccar_url: {
        parameters: {
            query?: {
                /** @description The device's unique id. */
                id?: string;
                /** @description The device's key. */
                key?: string;
                lat?: number;
                lon?: number;
                /** @description Knots. */
                speed?: number;
                /** @description Unix seconds or milliseconds, or ISO 8601; now if absent. */
                timestamp?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    report_traccar: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
                "application/x-www-form-urlencoded": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    forward_traccar_url: {
        parameters: {
            query?: {
                /** @description The device's unique id. */
                uniqueId?: string;
                /** @description The device's key. */
                key?: string;
                latitude?: number;
                longitude?: number;
                /** @description Knots. */
                speed?: number;
                /** @description Unix milliseconds. */
                fixTime?: string;
                /** @description A JSON object. */
                attributes?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    forward_traccar: {
        parameters: {
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
            };
        };
    };
    service_alerts_json: {
        parameters: {
            query?: {
                /** @description The tenant: the caller's own if absent, or `default` where `TRANSIT_PUBLIC` opens the feeds. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    service_alerts: {
        parameters: {
            query?: {
                /** @description The tenant: the caller's own if absent, or `default` where `TRANSIT_PUBLIC` opens the feeds. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-protobuf": string;
                };
            };
        };
    };
    trip_updates_json: {
        parameters: {
            query?: {
                /** @description The tenant: the caller's own if absent, or `default` where `TRANSIT_PUBLIC` opens the feeds. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    trip_updates: {
        parameters: {
            query?: {
                /** @description The tenant: the caller's own if absent, or `default` where `TRANSIT_PUBLIC` opens the feeds. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-protobuf": string;
                };
            };
        };
    };
    vehicle_positions_json: {
        parameters: {
            query?: {
                /** @description The tenant: the caller's own if absent, or `default` where `TRANSIT_PUBLIC` opens the feeds. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    vehicle_positions: {
        parameters: {
            query?: {
                /** @description The tenant: the caller's own if absent, or `default` where `TRANSIT_PUBLIC` opens the feeds. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-protobuf": string;
                };
            };
        };
    };
    health: {
        parameters: {
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    metrics: {
        parameters: {
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/openmetrics-text": string;
                    "text/plain": string;
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: {
                /** @description `optional` answers 200 without the relay to other nodes too, as load balancers need it. */
                relay?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    vehicle_monitoring: {
        parameters: {
            query?: {
                /** @description The tenant: the caller's own if absent, or `default` where `TRANSIT_PUBLIC` opens the feeds. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/xml": string;
                };
            };
        };
    };
    count_deliveries: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryCounts"];
                };
            };
        };
    };
    find_riders_delivery: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            path: {
                rider_id: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
        };
    };
    start_delivery: {
        parameters: {
            query?: {
                /** @description For a superadmin: the tenant; its own if absent. */
                tenant?: string;
            };
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDelivery"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
        };
    };
    update_delivery: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                tracking_id: string;
            };
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeDelivery"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
        };
    };
    find_delivery: {
        parameters: {
            path: {
                tracking_id: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
        };
    };
    list_proofs_of_order: {
        parameters: {
            path: {
                tracking_id: string;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Proofs"];
                };
            };
        };
    };
    add_proof_of_order: {
        parameters: {
            header?: {
                /** @description A repeated request with the same key gets the first one's answer, and its work is done once. */
                "Idempotency-Key"?: string;
            };
            path: {
                tracking_id: string;
            };
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["NewProof"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddedProof"];
                };
            };
        };
    };
}
