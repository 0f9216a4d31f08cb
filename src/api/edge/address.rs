//! From which address a request comes: that of the connection, or what a trusted proxy says of it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use ipnet::IpNet;

/// What most proxies send beside or instead of `Forwarded`.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// How many of the addresses that a header lists are looked at, from its end.
const MOST_HOPS: usize = 16;

/// The proxies whose word on a caller's address is taken.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// The proxies of these networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether an address is one of them.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The caller of a request as limits count callers. What a header says is believed from its end on, as long as it was
    /// a trusted proxy that wrote it (RFC 7239, 8.1); anybody can send a longer one.
    #[must_use]
    pub fn caller(&self, request: &ServiceRequest) -> IpAddr {
        let peer = request.peer_addr().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
        counted(if self.trusts(peer) { self.behind(peer, request.headers()) } else { peer })
    }

    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer;
        for hop in hops(headers).into_iter().rev().take(MOST_HOPS) {
            // What cannot be read was written by the proxy that sent it: that one is as far as is known.
            let Some(hop) = hop else { break };
            caller = hop;
            if !self.trusts(caller) {
                break;
            }
        }
        caller
    }
}

/// The addresses of the header that lists them, in its order; `None` for one that cannot be read.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let of = |name: HeaderName| {
        let values = headers.get_all(name).map(|value| value.to_str().unwrap_or_default());
        values.flat_map(|value| value.split(',')).map(str::trim)
    };
    if headers.contains_key(header::FORWARDED) {
        return of(header::FORWARDED).map(forwarded_for).collect();
    }
    of(X_FORWARDED_FOR).map(address).collect()
}

/// The `for` of one element of `Forwarded`: `for=192.0.2.43`, `for="[2001:db8::1]:4711";proto=https`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut nodes = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    let (_, node) = nodes.next()?;
    address(node.trim().trim_matches('"'))
}

/// An address with or without a port, one of version 6 in brackets or bare.
fn address(text: &str) -> Option<IpAddr> {
    let bare = || text.parse::<IpAddr>().ok();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare().or_else(bracketed).or_else(with_port).map(|address| address.to_canonical())
}

/// Of version 6 the network of 64 bits: one household has as many addresses as it likes.
fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn caller(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap(), "2001:db8:1::/48".parse().unwrap()]);
        let mut request = TestRequest::default().peer_addr(SocketAddr::new(peer.parse().unwrap(), 1));
        for (name, value) in headers {
            request = request.append_header((*name, *value));
        }
        proxies.caller(&request.to_srv_request()).to_string()
    }

    #[test]
    fn nobody_but_a_trusted_proxy_says_where_a_request_comes_from() {
        let forged = [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.2")];
        assert_eq!(caller("198.51.100.7", &forged), "198.51.100.7");
        assert_eq!(caller("::ffff:198.51.100.7", &forged), "198.51.100.7");
        assert_eq!(caller("10.1.2.3", &[]), "10.1.2.3");
    }

    #[test]
    fn a_list_is_believed_from_its_end_to_the_first_stranger() {
        for (value, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.66, 192.0.2.1", "192.0.2.1"),
            ("192.0.2.66, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
            ("192.0.2.66,192.0.2.1:5000 , 10.0.0.2:80", "192.0.2.1"),
            ("10.0.0.9, 10.0.0.2", "10.0.0.9"),
            ("192.0.2.1, unknown", "10.1.2.3"),
            ("192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"),
            ("", "10.1.2.3"),
            ("2001:db8:2:3:4:5:6:7", "2001:db8:2:3::"),
            ("[2001:db8:2:3:4:5:6:7]:443", "2001:db8:2:3::"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(caller("10.1.2.3", &[("X-Forwarded-For", value)]), expected, "{value}");
        }
        let twice = [("X-Forwarded-For", "192.0.2.66"), ("X-Forwarded-For", "192.0.2.1")];
        assert_eq!(caller("10.1.2.3", &twice), "192.0.2.1");
        assert_eq!(caller("2001:db8:1::5", &twice), "192.0.2.1");
    }

    #[test]
    fn the_standard_header_goes_before_the_other() {
        for (value, expected) in [
            ("for=192.0.2.43", "192.0.2.43"),
            ("For=\"[2001:db8:cafe::17]:4711\";proto=https", "2001:db8:cafe::"),
            ("for=192.0.2.66, proto=https;for=192.0.2.43;by=203.0.113.60", "192.0.2.43"),
            ("for=_hidden", "10.1.2.3"),
            ("proto=https", "10.1.2.3"),
        ] {
            let headers = [("Forwarded", value), ("X-Forwarded-For", "192.0.2.9")];
            assert_eq!(caller("10.1.2.3", &headers), expected, "{value}");
        }
    }

    #[test]
    fn addresses_of_one_network_are_one_caller() {
        assert_eq!(caller("2001:db8:2:3::1", &[]), caller("2001:db8:2:3:ffff:ffff:ffff:ffff", &[]));
        assert_ne!(caller("2001:db8:2:3::1", &[]), caller("2001:db8:2:4::1", &[]));
    }
}
