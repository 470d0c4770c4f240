//! Formats of texts, by bytes and without regular expressions.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::scan::scan_texts;
use crate::instant;
use crate::view::View;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// RFC 9562 text: 8-4-4-4-12 hexadecimal digits of either case, any version.
    Uuid,
    /// RFC 5321 mailbox without quoted local parts; international addresses are allowed.
    Email,
    /// RFC 3986 URI with a scheme.
    Uri,
    /// RFC 1123.
    Hostname,
    Ipv4,
    /// Without a zone.
    Ipv6,
    /// `YYYY-MM-DD`.
    Date,
    /// RFC 3339.
    DateTime,
    /// `hh:mm:ss`, with an optional fraction and offset.
    Time,
}

impl Format {
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "uuid" => Self::Uuid,
            "email" => Self::Email,
            "uri" => Self::Uri,
            "hostname" => Self::Hostname,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "date" => Self::Date,
            "date-time" => Self::DateTime,
            "time" => Self::Time,
            _ => return None,
        })
    }

    pub fn find(self, view: &View<'_>, found: &mut Vec<u32>) {
        match self {
            Self::Uuid => scan_texts(view, found, |text| !is_uuid(text)),
            Self::Email => scan_texts(view, found, |text| !is_email(text)),
            Self::Uri => scan_texts(view, found, |text| !is_uri(text)),
            Self::Hostname => scan_texts(view, found, |text| !is_hostname(text)),
            Self::Ipv4 => {
                scan_texts(view, found, |text| Ipv4Addr::parse_ascii_text(text).is_none())
            }
            Self::Ipv6 => {
                scan_texts(view, found, |text| Ipv6Addr::parse_ascii_text(text).is_none())
            }
            Self::Date => scan_texts(view, found, |text| instant::date(text).is_none()),
            Self::DateTime => scan_texts(view, found, |text| !instant::is_date_time(text)),
            Self::Time => scan_texts(view, found, |text| instant::time(text).is_none()),
        }
    }
}

trait ParseAscii: Sized {
    fn parse_ascii_text(text: &[u8]) -> Option<Self>;
}

impl<T: std::str::FromStr> ParseAscii for T {
    fn parse_ascii_text(text: &[u8]) -> Option<Self> {
        std::str::from_utf8(text).ok()?.parse().ok()
    }
}

fn is_uuid(text: &[u8]) -> bool {
    let Ok(text) = <&[u8; 36]>::try_from(text) else { return false };
    let (mut bad, mut dashes) = (false, 0_u8);
    for byte in text {
        let digit = byte.wrapping_sub(b'0') < 10;
        let letter = (byte | 0x20).wrapping_sub(b'a') < 6;
        let dash = *byte == b'-';
        bad |= !(digit | letter | dash);
        dashes += u8::from(dash);
    }
    !bad && dashes == 4 && [8, 13, 18, 23].iter().all(|index| text[*index] == b'-')
}

fn is_email(text: &[u8]) -> bool {
    let Some(at) = text.iter().rposition(|byte| *byte == b'@') else { return false };
    let (local, domain) = (&text[..at], &text[at + 1..]);
    let atom = |atom: &[u8]| {
        !atom.is_empty()
            && atom.iter().all(|byte| {
                byte.is_ascii_alphanumeric()
                    || *byte >= 0x80
                    || b"!#$%&'*+-/=?^_`{|}~".contains(byte)
            })
    };
    text.len() <= 254
        && local.len() <= 64
        && local.split(|byte| *byte == b'.').all(atom)
        && match domain {
            [b'[', address @ .., b']'] => match address.strip_prefix(b"IPv6:") {
                Some(address) => Ipv6Addr::parse_ascii_text(address).is_some(),
                None => Ipv4Addr::parse_ascii_text(address).is_some(),
            },
            _ => is_domain(domain, |byte| byte >= 0x80),
        }
}

fn is_hostname(text: &[u8]) -> bool {
    is_domain(text, |_| false)
}

fn is_domain(text: &[u8], also: impl Fn(u8) -> bool) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.split(|byte| *byte == b'.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with(b"-")
                && !label.ends_with(b"-")
                && label.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-' || also(*b))
        })
}

fn is_uri(text: &[u8]) -> bool {
    let Some(colon) = text.iter().position(|byte| *byte == b':') else { return false };
    let (scheme, rest) = (&text[..colon], &text[colon + 1..]);
    let [first, more @ ..] = scheme else { return false };
    if !first.is_ascii_alphabetic()
        || !more.iter().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b))
    {
        return false;
    }
    // Brackets stand only around an address in the authority.
    let (authority, tail) = match rest.strip_prefix(b"//") {
        Some(rest) => {
            let end = rest.iter().position(|b| b"/?#".contains(b)).unwrap_or(rest.len());
            rest.split_at(end)
        }
        None => (&[][..], rest),
    };
    let fragments = tail.iter().filter(|byte| **byte == b'#').count();
    fragments <= 1 && is_authority(authority) && is_uri_text(tail, b":/?#@")
}

fn is_authority(text: &[u8]) -> bool {
    let host_and_port = match text.iter().position(|byte| *byte == b'@') {
        Some(at) if is_uri_text(&text[..at], b":") => &text[at + 1..],
        Some(_) => return false,
        None => text,
    };
    let is_port = |text: &[u8]| match text {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if let Some(rest) = host_and_port.strip_prefix(b"[") {
        let Some(end) = rest.iter().position(|byte| *byte == b']') else { return false };
        let address = &rest[..end];
        let known = Ipv6Addr::parse_ascii_text(address).is_some() || is_future_address(address);
        return known && is_port(&rest[end + 1..]);
    }
    let colon = host_and_port.iter().position(|byte| *byte == b':');
    let (host, port) = host_and_port.split_at(colon.unwrap_or(host_and_port.len()));
    is_uri_text(host, b"") && is_port(port)
}

/// RFC 3986 §3.2.2: `v1.…`, of versions to come.
fn is_future_address(text: &[u8]) -> bool {
    let [b'v' | b'V', rest @ ..] = text else { return false };
    let Some(dot) = rest.iter().position(|byte| *byte == b'.') else { return false };
    let (version, address) = (&rest[..dot], &rest[dot + 1..]);
    let is_digits = !version.is_empty() && version.iter().all(u8::is_ascii_hexdigit);
    is_digits && !address.is_empty() && !address.contains(&b'%') && is_uri_text(address, b":")
}

/// Unreserved characters, sub-delimiters, escapes, and `also`.
fn is_uri_text(text: &[u8], also: &[u8]) -> bool {
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte == b'%' {
            let [high, low, tail @ ..] = tail else { return false };
            if !high.is_ascii_hexdigit() || !low.is_ascii_hexdigit() {
                return false;
            }
            rest = tail;
        } else if !byte.is_ascii_alphanumeric()
            && !b"-._~!$&'()*+,;=".contains(byte)
            && !also.contains(byte)
        {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(is: impl Fn(&[u8]) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(is(text.as_bytes()), "{text} is good");
        }
        for text in bad {
            assert!(!is(text.as_bytes()), "{text} is bad");
        }
    }

    #[test]
    fn uuids_have_digits_and_dashes_in_their_places() {
        check(
            is_uuid,
            &[
                "53581432-6c55-4ba2-a65f-72344a91553a",
                "00000000-0000-0000-0000-000000000000",
                "53581432-6C55-4BA2-A65F-72344A91553A",
            ],
            &[
                "",
                "535814326c554ba2a65f72344a91553a",
                "53581432-6c55-4ba2-a65f-72344a91553g",
                "5358143-26c55-4ba2-a65f-72344a91553a",
                "53581432-6c55-4ba2-a65f-72344a91553a ",
                "5358143--6c55-4ba2-a65f-72344a91553a",
                "{3581432-6c55-4ba2-a65f-72344a91553}",
            ],
        );
    }

    #[test]
    fn emails_are_mailboxes() {
        check(
            is_email,
            &[
                "a@b",
                "first.last+tag@example.co.uk",
                "x@[127.0.0.1]",
                "x@[IPv6:::1]",
                "ü@exämple.de",
            ],
            &[
                "",
                "a",
                "@b",
                "a@",
                "a b@c",
                ".a@b",
                "a..b@c",
                "a.@b",
                "a@-b.c",
                "a@b..c",
                "a@[1.2.3]",
                "a@b@c",
                &format!("{}@b", "a".repeat(65)),
            ],
        );
    }

    #[test]
    fn uris_have_a_scheme_and_no_stray_characters() {
        check(
            is_uri,
            &[
                "http://example.org",
                "https://u:p@example.org:8080/a%20b?q=1&r=/?#frag",
                "urn:isbn:1",
                "mailto:a@b",
                "http://[::1]:80/",
                "file:///etc/hosts",
                "a:",
            ],
            &[
                "",
                "example.org",
                "//example.org/x",
                "1http://x",
                "http://a b",
                "http://x/%zz",
                "http://x/%2",
                "http://[::1",
                "http://x:8a/",
                "http://x/#a#b",
                "http://x/[a]",
                "http://é.fr",
                ":x",
            ],
        );
    }

    #[test]
    fn hostnames_and_addresses_follow_their_standards() {
        let long = "a".repeat(64);
        check(
            is_hostname,
            &["a", "example.org", "3com.com", "a-b.c"],
            &["", "-a", "a-", "a..b", "a_b", "a.", &long, "exämple.de"],
        );
        let ipv4 = |text: &[u8]| Ipv4Addr::parse_ascii_text(text).is_some();
        check(
            ipv4,
            &["0.0.0.0", "255.255.255.255"],
            &["", "1.2.3", "256.1.1.1", "01.2.3.4", "1.2.3.4 "],
        );
        let ipv6 = |text: &[u8]| Ipv6Addr::parse_ascii_text(text).is_some();
        check(
            ipv6,
            &["::", "2001:db8::1", "::ffff:1.2.3.4"],
            &["", ":::", "1::2::3", "fe80::1%eth0", "12345::"],
        );
    }

    #[test]
    fn date_times_need_their_offset_and_times_do_not() {
        check(
            instant::is_date_time,
            &["2026-11-21T01:02:03Z", "2026-11-21t01:02:03.5+01:00"],
            &["2026-11-21 01:02:03Z", "2026-11-21T01:02:03", "2026-11-21", "2026-02-30T00:00:00Z"],
        );
        let time = |text: &[u8]| instant::time(text).is_some();
        check(
            time,
            &["00:00:00", "23:59:59.999", "12:00:00Z", "12:00:00-08:00", "23:59:60"],
            &["24:00:00", "12:60:00", "12:00", "12:00:00+8", "12:00:00.", "1:00:00", "12:00:60"],
        );
    }
}
