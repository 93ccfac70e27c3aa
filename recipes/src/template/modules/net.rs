//! `netaddr`: addresses and networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use minijinja::value::Value;
use rbuildout_parser::python::PythonError;

use super::super::convert::string;
use super::super::errors::{raise, unsupported};
use super::super::filters::Args;
use super::super::object::{Py, Record, Result, py, text};

/// Calls a function of the module.
pub(crate) fn call(function: &str, args: &Args<'_>) -> Result {
    let shown = match args.positional().first() {
        Some(value) => string(value)?,
        None => {
            return Err(unsupported(format!("netaddr.{function}() without an address")));
        }
    };
    match function {
        "valid_ipv4" => Ok(Value::from(shown.parse::<Ipv4Addr>().is_ok())),
        "valid_ipv6" => Ok(Value::from(shown.parse::<Ipv6Addr>().is_ok())),
        "IPAddress" => {
            let address: IpAddr = shown.parse().map_err(|_| {
                bad(format!("failed to detect a valid IP address from {}", rbuildout_parser::python::str_repr(&shown)))
            })?;
            Ok(address_value(address))
        }
        "IPNetwork" => {
            let (address, prefix) = parse_network(&shown).ok_or_else(|| bad(format!("invalid IPNetwork {shown}")))?;
            Ok(network_value(address, prefix))
        }
        _ => Err(unsupported(format!("netaddr.{function}()"))),
    }
}

fn bad(message: String) -> minijinja::Error {
    raise(PythonError::new("netaddr.core.AddrFormatError", message))
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn address(number: u128, width: u32) -> IpAddr {
    if width == 32 { IpAddr::V4(Ipv4Addr::from(number as u32)) } else { IpAddr::V6(Ipv6Addr::from(number)) }
}

fn mask(prefix: u32, width: u32) -> u128 {
    let all = if width == 32 { u128::from(u32::MAX) } else { u128::MAX };
    let host = width - prefix;
    if host >= 128 { 0 } else { (all >> host) << host }
}

fn parse_network(shown: &str) -> Option<(IpAddr, u32)> {
    let (host, prefix) = match shown.split_once('/') {
        Some((host, prefix)) => (host, Some(prefix)),
        None => (shown, None),
    };
    let host: IpAddr = host.parse().ok()?;
    let width = width(host);
    let prefix = match prefix {
        None => width,
        Some(prefix) => match prefix.parse::<u32>() {
            Ok(prefix) if prefix <= width => prefix,
            Ok(_) => return None,
            Err(_) => {
                // A mask instead of a length.
                let given = number(prefix.parse::<IpAddr>().ok()?);
                (0..=width).find(|prefix| mask(*prefix, width) == given)?
            }
        },
    };
    Some((host, prefix))
}

fn address_value(address: IpAddr) -> Value {
    let shown = address.to_string();
    Value::from_object(Py::Record(Record {
        class: "IPAddress",
        fields: vec![
            ("version", Value::from(if address.is_ipv4() { 4 } else { 6 })),
            ("value", Value::from(number(address))),
        ],
        elements: None,
        repr: format!("IPAddress('{shown}')"),
        text: shown,
    }))
}

fn network_value(host: IpAddr, prefix: u32) -> Value {
    let width = width(host);
    let mask = mask(prefix, width);
    let all = if width == 32 { u128::from(u32::MAX) } else { u128::MAX };
    let first = number(host) & mask;
    let last = first | (all & !mask);
    let shown = format!("{host}/{prefix}");
    let cidr = {
        let shown = format!("{}/{prefix}", address(first, width));
        Value::from_object(Py::Record(Record {
            class: "IPNetwork",
            fields: vec![("prefixlen", Value::from(prefix))],
            elements: None,
            repr: format!("IPNetwork('{shown}')"),
            text: shown,
        }))
    };
    let size =
        (last - first).checked_add(1).map_or_else(|| text("340282366920938463463374607431768211456"), Value::from);
    Value::from_object(Py::Record(Record {
        class: "IPNetwork",
        fields: vec![
            ("ip", address_value(host)),
            ("network", address_value(address(first, width))),
            ("netmask", address_value(address(mask, width))),
            ("hostmask", address_value(address(all & !mask, width))),
            (
                "broadcast",
                if width == 32 && prefix < 31 { address_value(address(last, width)) } else { Value::from(()) },
            ),
            ("prefixlen", Value::from(prefix)),
            ("version", Value::from(if width == 32 { 4 } else { 6 })),
            ("first", Value::from(first)),
            ("last", Value::from(last)),
            ("size", size),
            ("cidr", cidr),
        ],
        elements: None,
        repr: format!("IPNetwork('{shown}')"),
        text: shown,
    }))
}

/// `element in network`.
pub(crate) fn contains(network: &Record, element: &Value) -> Result<bool> {
    let Some((host, prefix)) = parse_network(&network.text) else {
        return Ok(false);
    };
    let other = match py(element) {
        Some(Py::Record(record)) => record.text.clone(),
        _ => string(element)?,
    };
    let Some((other, other_prefix)) = parse_network(&other) else {
        return Err(bad(format!("invalid IPNetwork {other}")));
    };
    let mask = mask(prefix, width(host));
    Ok(width(host) == width(other) && other_prefix >= prefix && number(host) & mask == number(other) & mask)
}
