//! Which addresses the service calls on a retailer's word. Whoever gives an address must not get at what only the service can
//! reach: its own machine, the network behind it, the metadata of its host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use ureq::http::Uri;
use ureq::http::uri::Scheme;

/// Characters of an address.
const LONGEST: usize = 500;

/// IPv4 networks that are not the public Internet (IANA's registry of special-purpose addresses).
const SPECIAL: [(Ipv4Addr, u8); 14] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];
/// The IPv6 network of which the public Internet is a part (RFC 4291, 2.4).
const GLOBAL: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// What of it is not: protocols (Teredo among them), documentation, 6to4.
const NOT_GLOBAL: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0x0db8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// The networks beside the public Internet that may be called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    networks: Vec<IpNet>,
}

impl Reach {
    /// The public Internet by https, and these networks by http as well.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self { networks }
    }

    /// Whether an address may be called. What a name stands for is judged each time that it is looked up.
    #[must_use]
    pub fn admits(&self, secure: bool, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address)) || secure && is_public(address)
    }

    /// Judges an address as a retailer gives it.
    ///
    /// # Errors
    /// With what was expected.
    pub fn judge(&self, text: &str) -> Result<(), &'static str> {
        const FORM: &str = "an address such as https://erp.example.cn/huanxin: at most 500 characters of ASCII, a host, no \
            user, no fragment";
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'#' && byte != b'\\';
        if text.len() > LONGEST || !text.bytes().all(plain) {
            return Err(FORM);
        }
        let uri: Uri = text.parse().map_err(|_| FORM)?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or(FORM)?;
        let secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP && !self.networks.is_empty() => false,
            Some(_) => return Err("https"),
            None => return Err(FORM),
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let written = authority.port_u16().is_none() && authority.as_str().len() > authority.host().len();
        if host.is_empty() || written || authority.port_u16() == Some(0) {
            return Err(FORM);
        }
        match host.parse::<IpAddr>() {
            Ok(address) if !self.admits(secure, address) => Err("an address of the public Internet"),
            _ => Ok(()),
        }
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL
            .iter()
            .any(|(network, length)| Ipv4Net::new(*network, *length).is_ok_and(|net| net.contains(&address))),
        IpAddr::V6(address) => {
            let within = |(network, length): (Ipv6Addr, u8)| {
                Ipv6Net::new(network, length).is_ok_and(|net| net.contains(&address))
            };
            within(GLOBAL) && !NOT_GLOBAL.into_iter().any(within)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_service_reaches_is_not_called() {
        let reach = Reach::default();
        let inside = [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.100.100.200",
            "224.0.0.1",
            "255.255.255.255",
            "198.19.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
        ];
        for address in inside {
            assert!(!reach.admits(true, address.parse().unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "172.32.0.1", "223.5.5.5", "2400:3200::1", "::ffff:223.5.5.5"] {
            assert!(reach.admits(true, address.parse().unwrap()), "{address}");
            assert!(!reach.admits(false, address.parse().unwrap()), "{address} without TLS");
        }
    }

    #[test]
    fn networks_of_the_configuration_may_be_called_without_tls() {
        let reach = Reach::new(vec!["10.20.0.0/16".parse().unwrap()]);
        for secure in [false, true] {
            assert!(reach.admits(secure, "10.20.3.4".parse().unwrap()));
            assert!(reach.admits(secure, "::ffff:10.20.3.4".parse().unwrap()));
            assert!(!reach.admits(secure, "10.21.3.4".parse().unwrap()));
        }
        assert_eq!(reach.judge("http://10.20.3.4:8080/hook"), Ok(()));
        assert_eq!(reach.judge("http://erp.inside/hook"), Ok(()));
        assert!(reach.judge("http://10.21.3.4/hook").is_err());
    }

    #[test]
    fn an_address_is_judged_when_it_is_given() {
        let reach = Reach::default();
        for good in [
            "https://erp.example.cn/huanxin",
            "https://erp.example.cn:8443/a?key=1",
            "https://223.5.5.5/",
            "HTTPS://erp.example.cn",
            "https://[2400:3200::1]/x",
        ] {
            assert_eq!(reach.judge(good), Ok(()), "{good}");
        }
        let long = format!("https://erp.example.cn/{}", "x".repeat(LONGEST));
        for bad in [
            "",
            "erp.example.cn",
            "/hook",
            "http://erp.example.cn/",
            "ftp://erp.example.cn/",
            "https://",
            "https:///x",
            "https://user:pass@erp.example.cn/",
            "https://erp.example.cn/#part",
            "https://erp.example.cn/ x",
            "https://erp.example.cn/\u{9}",
            "https://\u{4f8b}.cn/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://169.254.169.254/latest/",
            "https://erp.example.cn:/",
            "https://erp.example.cn:0/",
            "https://erp.example.cn:99999/",
            "https://erp.example.cn\\@evil/",
            "file:///etc/passwd",
            &long,
        ] {
            assert!(reach.judge(bad).is_err(), "{bad}");
        }
    }
}
