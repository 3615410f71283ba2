//! Where a request came from, as far as our own proxies say so.
//!
//! `X-Forwarded-For` is a list to which each proxy adds the address it was called from. Whatever
//! stands before what our proxies added was written by the caller, and says what the caller likes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::HttpRequest;
use actix_web::http::header::X_FORWARDED_FOR;

/// The address that the outermost of `trusted_proxies` proxies was called from; the address that
/// called this process when a request came past them.
#[must_use]
pub(crate) fn client_address(request: &HttpRequest, trusted_proxies: usize) -> IpAddr {
    let lines = request.headers().get_all(X_FORWARDED_FOR);
    let forwarded: Vec<_> =
        lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).collect();
    trusted_proxies
        .checked_sub(1)
        .and_then(|inner| forwarded.iter().rev().nth(inner))
        .and_then(|address| address.trim().parse().ok())
        .or_else(|| request.peer_addr().map(|peer| peer.ip()))
        .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// The part of an address that one customer of a network has to themselves: an IPv4 address, or a
/// network of 2^64 IPv6 addresses, any of which its owner may use for the next request.
#[must_use]
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn seen(forwarded: &[&str], trusted_proxies: usize) -> String {
        let request = TestRequest::default().peer_addr(([10, 0, 0, 1], 1).into());
        let request = forwarded
            .iter()
            .fold(request, |request, line| request.append_header((X_FORWARDED_FOR, *line)));
        client_address(&request.to_http_request(), trusted_proxies).to_string()
    }

    #[test]
    fn only_what_our_own_proxies_added_is_believed() {
        assert_eq!(seen(&["1.1.1.1, 192.0.2.7"], 1), "192.0.2.7", "1.1.1.1 is the caller's word");
        assert_eq!(seen(&["1.1.1.1", "192.0.2.7"], 1), "192.0.2.7", "as a header of its own");
        assert_eq!(seen(&["1.1.1.1, 192.0.2.7, 10.0.0.9"], 2), "192.0.2.7");
        assert_eq!(seen(&["1.1.1.1, 192.0.2.7"], 0), "10.0.0.1");
        assert_eq!(seen(&["192.0.2.7"], 2), "10.0.0.1", "it came past the outer proxy");
        assert_eq!(seen(&[], 1), "10.0.0.1");
        assert_eq!(seen(&["tull"], 1), "10.0.0.1");
    }

    #[test]
    fn the_addresses_of_one_household_are_one() {
        let network = |address: &str| network_of(address.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
