//! Writes metrics in the two text formats of Prometheus.

use axum::http::{HeaderMap, header};

/// A text format of Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextFormat {
    /// Version 0.0.4, which every client reads.
    Plain,
    /// OpenMetrics 1.0.0, for clients that ask for it.
    OpenMetrics,
}

impl TextFormat {
    /// The format that the `Accept` header prefers; the plain one by default.
    pub(crate) fn wanted(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let (mut plain, mut open_metrics) = (0.0, 0.0);
        for range in accepted.flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f64>().ok()).unwrap_or(1.0);
            match kind.as_str() {
                "application/openmetrics-text" => open_metrics = weight.max(open_metrics),
                "text/plain" => plain = weight.max(plain),
                _ => {}
            }
        }
        if open_metrics > 0.0 && open_metrics >= plain { Self::OpenMetrics } else { Self::Plain }
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// Converts OpenMetrics text to this format. The older format describes a counter under its full name.
    pub(crate) fn of_open_metrics(self, text: String) -> String {
        if self == Self::OpenMetrics {
            return text;
        }
        let mut plain = String::with_capacity(text.len());
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let help = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' '));
            match (help, lines.peek().and_then(|next| counter_described_by(next))) {
                (Some((name, help)), Some(counter)) if name == counter => {
                    plain.push_str(&format!("# HELP {name}_total {help}\n# TYPE {name}_total counter\n"));
                    lines.next();
                }
                _ if line == "# EOF" => {}
                _ => {
                    plain.push_str(line);
                    plain.push('\n');
                }
            }
        }
        plain
    }
}

fn counter_described_by(line: &str) -> Option<&str> {
    line.strip_prefix("# TYPE ")?.strip_suffix(" counter")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_what_the_client_prefers() {
        let check = |accept: &'static str, expected: TextFormat| {
            let headers = HeaderMap::from_iter([(header::ACCEPT, axum::http::HeaderValue::from_static(accept))]);
            assert_eq!(TextFormat::wanted(&headers), expected, "{accept}");
        };
        check("*/*", TextFormat::Plain);
        check("text/html,text/plain;q=0.5", TextFormat::Plain);
        check("application/openmetrics-text; version=1.0.0", TextFormat::OpenMetrics);
        check(
            "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            TextFormat::OpenMetrics,
        );
        check("application/openmetrics-text;q=0.3,text/plain;q=0.9", TextFormat::Plain);
        assert_eq!(TextFormat::wanted(&HeaderMap::new()), TextFormat::Plain);
    }

    #[test]
    fn counters_keep_their_whole_name_in_the_plain_format() {
        let text = "# HELP a A.\n# TYPE a counter\na_total 1\n# HELP b B.\n# TYPE b gauge\nb 2\n# EOF\n".to_owned();
        let plain = "# HELP a_total A.\n# TYPE a_total counter\na_total 1\n# HELP b B.\n# TYPE b gauge\nb 2\n";
        assert_eq!(TextFormat::Plain.of_open_metrics(text.clone()), plain);
        assert_eq!(TextFormat::OpenMetrics.of_open_metrics(text.clone()), text);
    }
}
