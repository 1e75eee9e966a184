//! What mails say, in each language.

use milepost_domain::Language;

pub(super) struct Words {
    pub(super) lang: &'static str,
    pub(super) months: [&'static str; 12],
    pub(super) reset_subject: &'static str,
    pub(super) reset_lead: &'static str,
    pub(super) reset_ignore: &'static str,
    pub(super) invitation_subject: &'static str,
    pub(super) invitation_lead: &'static str,
    pub(super) set_password: &'static str,
    pub(super) confirm_subject: &'static str,
    pub(super) confirm_lead: &'static str,
    pub(super) confirm: &'static str,
    pub(super) confirm_ignore: &'static str,
    pub(super) link_until: &'static str,
    pub(super) time: &'static str,
    pub(super) vehicle: &'static str,
    pub(super) severity: &'static str,
    /// Low, medium, high, critical.
    pub(super) severities: [&'static str; 4],
    pub(super) gathered_subject: &'static str,
    pub(super) more: &'static str,
    pub(super) open: &'static str,
    pub(super) unsubscribe: &'static str,
    /// In the order of [`REPORTS`].
    pub(super) reports: [&'static str; REPORTS.len()],
    pub(super) report_lead: &'static str,
    pub(super) report_attached: &'static str,
    pub(super) report_linked: &'static str,
    pub(super) report_made: &'static str,
    pub(super) report_open: &'static str,
    pub(super) report_unsubscribe: &'static str,
}

/// The names of reports: those of `ReportKind`, and others of Traccar's clients.
const REPORTS: [&str; 12] = [
    "trips",
    "stops",
    "mileage",
    "utilisation",
    "fuel",
    "geofences",
    "speeding",
    "summary",
    "events",
    "route",
    "combined",
    "devices",
];

impl Words {
    /// The word for a severity, by its name.
    pub(super) fn severity_named<'a>(&'a self, name: &'a str) -> &'a str {
        let place = ["low", "medium", "high", "critical"].iter().position(|known| *known == name);
        place.map_or(name, |place| self.severities[place])
    }

    /// The words for a report, by its name.
    pub(super) fn report_named<'a>(&'a self, name: &'a str) -> &'a str {
        let place = REPORTS.iter().position(|known| *known == name);
        place.map_or(name, |place| self.reports[place])
    }
}

pub(super) const fn words_in(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::Indonesian => &INDONESIAN,
    }
}

const ENGLISH: Words = Words {
    lang: "en",
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    reset_subject: "Set a new password",
    reset_lead: "Somebody asked for a new password for the account {name}.",
    reset_ignore: "If it was not you, do nothing: the password stays as it is.",
    invitation_subject: "Your account is ready",
    invitation_lead: "You have an account on Milepost. Your username is {name}.",
    confirm_subject: "Confirm your address",
    confirm_lead: "The account {name} is to get its e-mail at this address.",
    confirm: "This is my address",
    confirm_ignore: "If it is not your account, do nothing: nothing more comes.",
    set_password: "Set your password",
    link_until: "The link is good once, until {until}.",
    time: "Time",
    vehicle: "Vehicle",
    severity: "Severity",
    severities: ["low", "medium", "high", "critical"],
    gathered_subject: "{n} alerts",
    more: "And {n} more.",
    open: "Open Milepost",
    unsubscribe: "Get no more e-mail about alerts",
    reports: [
        "Trips",
        "Stops",
        "Mileage",
        "Utilisation",
        "Fuel",
        "Geofence visits",
        "Speeding",
        "Summary",
        "Events",
        "Route",
        "Combined",
        "Devices",
    ],
    report_lead: "The report «{kind}» of {period} is made.",
    report_attached: "It is attached: {file}.",
    report_linked: "Its file is not attached: {file}. It can be fetched for a day.",
    report_made: "Made",
    report_open: "Open the report",
    report_unsubscribe: "Get this report no more",
};

const INDONESIAN: Words = Words {
    lang: "id",
    months: [
        "Januari",
        "Februari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
        "November",
        "Desember",
    ],
    reset_subject: "Atur kata sandi baru",
    reset_lead: "Seseorang meminta kata sandi baru untuk akun {name}.",
    reset_ignore: "Jika bukan Anda, abaikan pesan ini: kata sandi tidak berubah.",
    invitation_subject: "Akun Anda sudah siap",
    invitation_lead: "Anda memiliki akun di Milepost. Nama pengguna Anda {name}.",
    confirm_subject: "Konfirmasi alamat Anda",
    confirm_lead: "Akun {name} akan menerima email di alamat ini.",
    confirm: "Ini alamat saya",
    confirm_ignore: "Jika bukan akun Anda, abaikan: tidak ada email lagi yang datang.",
    set_password: "Atur kata sandi Anda",
    link_until: "Tautan ini berlaku satu kali, sampai {until}.",
    time: "Waktu",
    vehicle: "Kendaraan",
    severity: "Tingkat",
    severities: ["rendah", "sedang", "tinggi", "kritis"],
    gathered_subject: "{n} peringatan",
    more: "Dan {n} lagi.",
    open: "Buka Milepost",
    unsubscribe: "Berhenti menerima email tentang peringatan",
    reports: [
        "Perjalanan",
        "Pemberhentian",
        "Jarak tempuh",
        "Pemanfaatan",
        "Bahan bakar",
        "Kunjungan geofence",
        "Terlalu cepat",
        "Ringkasan",
        "Kejadian",
        "Rute",
        "Gabungan",
        "Perangkat",
    ],
    report_lead: "Laporan «{kind}» untuk {period} sudah dibuat.",
    report_attached: "Laporan terlampir: {file}.",
    report_linked: "Berkasnya tidak dilampirkan: {file}. Berkas dapat diambil selama satu hari.",
    report_made: "Dibuat",
    report_open: "Buka laporan",
    report_unsubscribe: "Berhenti menerima laporan ini",
};
