-- A database of Traccar as its migrations make it (tables, columns and types), with a few rows. It is run on PostgreSQL, and read as a dump.

CREATE TABLE tc_servers (id int NOT NULL, registration boolean, latitude double precision, longitude double precision, zoom int, map varchar(128), attributes varchar(4000), coordinateformat varchar(128), announcement varchar(4000), PRIMARY KEY (id));
CREATE TABLE tc_users (id int NOT NULL, name varchar(128) NOT NULL, email varchar(128) NOT NULL, hashedpassword varchar(128), salt varchar(128), readonly boolean DEFAULT false NOT NULL, administrator boolean, map varchar(128), latitude double precision DEFAULT '0' NOT NULL, longitude double precision DEFAULT '0' NOT NULL, zoom int DEFAULT 0 NOT NULL, attributes varchar(4000), coordinateformat varchar(128), disabled boolean DEFAULT false, expirationtime timestamp, devicelimit int DEFAULT -1, userlimit int DEFAULT 0, devicereadonly boolean DEFAULT false, phone varchar(128), limitcommands boolean DEFAULT false, login varchar(128), poilayer varchar(512), disablereports boolean DEFAULT false, fixedemail boolean DEFAULT false, totpkey varchar(64), temporary boolean DEFAULT false, CONSTRAINT pk_tc_users PRIMARY KEY (id));
CREATE TABLE tc_groups (id int NOT NULL, name varchar(128) NOT NULL, groupid int, attributes varchar(4000), PRIMARY KEY (id));
CREATE TABLE tc_devices (id int NOT NULL, name varchar(128) NOT NULL, uniqueid varchar(128) NOT NULL, lastupdate timestamp, positionid bigint, groupid int, attributes varchar(4000), phone varchar(128), model varchar(128), contact varchar(512), category varchar(128), disabled boolean DEFAULT false, status char(8), expirationtime timestamp, motionstate boolean DEFAULT false, calendarid int, PRIMARY KEY (id));
CREATE TABLE tc_geofences (id int NOT NULL, name varchar(128) NOT NULL, description varchar(128), area varchar(4096) NOT NULL, attributes varchar(4000), calendarid int, PRIMARY KEY (id));
CREATE TABLE tc_drivers (id int NOT NULL, name varchar(128) NOT NULL, uniqueid varchar(128) NOT NULL, attributes varchar(4000) NOT NULL, PRIMARY KEY (id));
CREATE TABLE tc_maintenances (id int NOT NULL, name varchar(4000) NOT NULL, type varchar(128) NOT NULL, start double precision DEFAULT '0' NOT NULL, period double precision DEFAULT '0' NOT NULL, attributes varchar(4000) NOT NULL, PRIMARY KEY (id));
CREATE TABLE tc_calendars (id int NOT NULL, name varchar(128) NOT NULL, data bytea NOT NULL, attributes varchar(4000) NOT NULL, PRIMARY KEY (id));
CREATE TABLE tc_commands (id int NOT NULL, description varchar(4000) NOT NULL, type varchar(128) NOT NULL, textchannel boolean DEFAULT false NOT NULL, attributes varchar(4000) NOT NULL, PRIMARY KEY (id));
CREATE TABLE tc_notifications (id int NOT NULL, type varchar(128) NOT NULL, attributes varchar(4000), always boolean DEFAULT false NOT NULL, calendarid int, notificators varchar(128), commandid int, description varchar(4000), PRIMARY KEY (id));
CREATE TABLE tc_attributes (id int NOT NULL, description varchar(4000) NOT NULL, type varchar(128) NOT NULL, attribute varchar(128) NOT NULL, expression varchar(4000) NOT NULL, priority int DEFAULT 0 NOT NULL, PRIMARY KEY (id));
CREATE TABLE tc_events (id int NOT NULL, type varchar(128) NOT NULL, eventtime timestamp, deviceid int, positionid bigint, geofenceid int, attributes varchar(4000), maintenanceid int, PRIMARY KEY (id));
CREATE TABLE tc_user_device (userid int NOT NULL, deviceid int NOT NULL);
CREATE TABLE tc_user_group (userid int NOT NULL, groupid int NOT NULL);
CREATE TABLE tc_user_geofence (userid int NOT NULL, geofenceid int NOT NULL);
CREATE TABLE tc_user_notification (userid int NOT NULL, notificationid int NOT NULL);
CREATE TABLE tc_user_user (userid int NOT NULL, manageduserid int NOT NULL);
CREATE TABLE tc_device_geofence (deviceid int NOT NULL, geofenceid int NOT NULL);
CREATE TABLE tc_group_geofence (groupid int NOT NULL, geofenceid int NOT NULL);
CREATE TABLE tc_device_driver (deviceid int NOT NULL, driverid int NOT NULL);
CREATE TABLE tc_group_maintenance (groupid int NOT NULL, maintenanceid int NOT NULL);
CREATE TABLE tc_positions (id bigint NOT NULL, protocol varchar(128), deviceid int NOT NULL, servertime timestamp DEFAULT now() NOT NULL, devicetime timestamp NOT NULL, fixtime timestamp NOT NULL, valid boolean NOT NULL, latitude double precision NOT NULL, longitude double precision NOT NULL, altitude double precision NOT NULL, speed double precision NOT NULL, course double precision NOT NULL, address varchar(512), attributes varchar(4000), accuracy double precision DEFAULT '0' NOT NULL, network varchar(4000), geofenceids varchar(128), PRIMARY KEY (id));

INSERT INTO tc_servers VALUES (1, true, 30.25, -97.75, 10, 'osm', '{"timezone":"America/Chicago"}', 'dd', NULL);
INSERT INTO tc_users (id, name, email, hashedpassword, salt, administrator, attributes, disabled, expirationtime, devicelimit, login, totpkey, temporary) VALUES
(1, 'Root', 'Root@Old.example', 'PBKDF2WithHmacSHA256$20000$a0e572eecdf0dcf535b7f703d73d67eb4318332b142557e6', '000102030405060708090a0b0c0d0e0f1011121314151617', true, '{}', false, NULL, -1, NULL, NULL, false),
(2, 'Uma O''Neil', 'uma@old.example', 'b08261c11a0cb7f2825aaae0c82cfecdc455a087dc3878c5', '000102030405060708090a0b0c0d0e0f1011121314151617', false, '{"speedUnit":"kmh"}', false, NULL, 0, NULL, NULL, false),
(3, 'Sam', 'sam@old.example', 'b08261c11a0cb7f2825aaae0c82cfecdc455a087dc3878c5', '000102030405060708090a0b0c0d0e0f1011121314151617', false, '{}', false, NULL, 5, 'sam', 'JBSWY3DPEHPK3PXP', false),
(4, 'Gone', 'gone@old.example', 'b08261c11a0cb7f2825aaae0c82cfecdc455a087dc3878c5', '000102030405060708090a0b0c0d0e0f1011121314151617', false, '{}', false, '2020-01-01 00:00:00', 0, NULL, NULL, false),
(5, 'Guest', 'root@old.example:t-1', NULL, NULL, false, '{}', false, '2030-01-01 00:00:00', 0, NULL, NULL, true);
INSERT INTO tc_groups VALUES (1, 'West', 2, '{}'), (2, 'All', NULL, '{"k":"v"}'), (3, 'East', NULL, NULL);
INSERT INTO tc_devices (id, name, uniqueid, groupid, attributes, phone, model, category, disabled) VALUES
(1, 'Truck 1', 't-1', 1, '{"speedLimit":50.0,"note":"a \"quoted\" text"}', '+15125550111', 'M1', 'truck', false),
(2, 'Van 2', '352 093/084', 3, '{}', NULL, NULL, 'van', false),
(3, 'Spare', 't-3', NULL, NULL, NULL, NULL, NULL, true);
INSERT INTO tc_geofences VALUES (4, 'Depot', '', 'CIRCLE (30.25 -97.75, 250)', '{}', NULL), (5, 'West side', NULL, 'POLYGON ((30.2 -97.8, 30.2 -97.7, 30.3 -97.7, 30.3 -97.8, 30.2 -97.8))', '{"color":"#f00"}', 1), (6, 'Bad', NULL, 'NONSENSE', '{}', NULL);
INSERT INTO tc_drivers VALUES (1, 'Dan', 'drv-1', '{}');
INSERT INTO tc_maintenances VALUES (1, 'Oil', 'totalDistance', 0, 10000000, '{}');
INSERT INTO tc_calendars VALUES (1, 'Work', '\x424547494e3a5643414c454e4441520a454e443a5643414c454e444152', '{}');
INSERT INTO tc_commands VALUES (1, 'Stop', 'engineStop', false, '{}');
INSERT INTO tc_notifications VALUES (1, 'geofenceEnter', '{}', true, 1, 'web,mail', NULL, NULL), (2, 'alarm', '{"alarms":"sos"}', false, NULL, 'web', 1, 'SOS');
INSERT INTO tc_attributes VALUES (1, 'Half', 'number', 'half', 'speed / 2', 0);
INSERT INTO tc_events VALUES (1, 'deviceMoving', '2026-11-01 08:00:00', 1, 1, NULL, '{}', NULL);
INSERT INTO tc_user_device VALUES (2, 1), (4, 1);
INSERT INTO tc_user_group VALUES (3, 2);
INSERT INTO tc_user_geofence VALUES (2, 4);
INSERT INTO tc_user_notification VALUES (2, 1), (3, 2);
INSERT INTO tc_user_user VALUES (1, 2);
INSERT INTO tc_device_geofence VALUES (2, 4);
INSERT INTO tc_group_geofence VALUES (2, 5);
INSERT INTO tc_device_driver VALUES (1, 1);
INSERT INTO tc_group_maintenance VALUES (2, 1);
INSERT INTO tc_positions (id, protocol, deviceid, servertime, devicetime, fixtime, valid, latitude, longitude, altitude, speed, course, address, attributes, accuracy, network, geofenceids) VALUES
(10, 'osmand', 1, '2026-11-01 08:00:01', '2026-11-01 08:00:00', '2026-11-01 08:00:00', true, 30.25, -97.75, 150, 10, 90, NULL, '{"batteryLevel":80,"ignition":true,"distance":0.0,"totalDistance":1000.5,"motion":true,"odometer":12000,"custom":"x \"y\""}', 5, NULL, NULL),
(11, 'osmand', 1, '2026-11-01 08:00:11', '2026-11-01 08:00:10', '2026-11-01 08:00:10.250', true, 30.251, -97.75, 151, 20, 0, 'A road', '{}', 0, NULL, '[5]'),
(12, 'osmand', 2, '2026-11-01 08:00:11', '2026-11-01 08:00:10', '2026-11-01 08:00:10', false, 30.252, -97.75, 0, 0, 0, NULL, '{"alarm":"powerCut"}', 0, NULL, NULL),
(13, 'osmand', 1, '2026-11-01 08:00:12', '2026-11-01 08:00:10', '2026-11-01 08:00:10.250', true, 30.251, -97.75, 151, 20, 0, NULL, '{}', 0, NULL, NULL),
(14, 'osmand', 1, '2026-11-01 08:00:21', '2026-11-01 08:00:20', '1999-01-01 00:00:00', true, 30.251, -97.75, 151, 20, 0, NULL, '{}', 0, NULL, NULL);
