//! `hashlib` and `base64`.

use md5::Md5;
use minijinja::value::Value;
use rbuildout_parser::python;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::super::convert::to_python;
use super::super::errors::{raise, type_error, unsupported};
use super::super::filters::Args;
use super::super::object::{Py, Record, Result, text};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    bytes.iter().flat_map(digits).map(char::from).collect()
}

fn bytes_of(value: Option<&Value>, what: &str) -> Result<Vec<u8>> {
    match value.map(to_python).transpose()? {
        None => Ok(Vec::new()),
        Some(python::Value::Bytes(bytes)) => Ok(bytes),
        Some(python::Value::Str(_)) if what == "hash" => Err(type_error("Strings must be encoded before hashing")),
        Some(other) => Err(type_error(format!("a bytes-like object is required, not '{}'", other.type_name()))),
    }
}

/// Calls a function of these modules, by its dotted name.
pub(crate) fn call(name: &'static str, args: &Args<'_>) -> Result {
    let function = name.rsplit('.').next().unwrap_or(name);
    if name.starts_with("hashlib.") {
        let (algorithm, position) = match function {
            "new" => (args.text(0, "name", "")?, 1),
            other => (other.to_owned(), 0),
        };
        let data = bytes_of(args.get(position, "data").or(args.get(position, "string")), "hash")?;
        let digest = match algorithm.to_lowercase().as_str() {
            "md5" => Md5::digest(&data).to_vec(),
            "sha1" => Sha1::digest(&data).to_vec(),
            "sha224" => Sha224::digest(&data).to_vec(),
            "sha256" => Sha256::digest(&data).to_vec(),
            "sha384" => Sha384::digest(&data).to_vec(),
            "sha512" => Sha512::digest(&data).to_vec(),
            other => return Err(unsupported(format!("the hash {other}"))),
        };
        return Ok(hash(digest));
    }
    let first = args.positional().first();
    let url_safe = function.starts_with("urlsafe");
    match function {
        "b64encode" | "urlsafe_b64encode" => {
            let encoded = encode(&bytes_of(first, "base64")?);
            Ok(super::super::object::bytes(if url_safe {
                encoded.replace('+', "-").replace('/', "_").into_bytes()
            } else {
                encoded.into_bytes()
            }))
        }
        "b64decode" | "urlsafe_b64decode" => {
            let encoded = match first.and_then(Value::as_str) {
                Some(encoded) => encoded.to_owned(),
                None => String::from_utf8_lossy(&bytes_of(first, "base64")?).into_owned(),
            };
            let encoded = if url_safe { encoded.replace('-', "+").replace('_', "/") } else { encoded };
            decode(&encoded).map(super::super::object::bytes)
        }
        "b16encode" => Ok(super::super::object::bytes(hex(&bytes_of(first, "base64")?).to_uppercase().into_bytes())),
        _ => Err(unsupported(format!("{name}()"))),
    }
}

/// A hash object with its digest.
fn hash(digest: Vec<u8>) -> Value {
    let shown = "<hash object>".to_owned();
    Value::from_object(Py::Record(Record {
        class: "_Hash",
        fields: vec![("digest_size", Value::from(digest.len())), ("#digest", super::super::object::bytes(digest))],
        elements: None,
        text: shown.clone(),
        repr: shown,
    }))
}

/// `digest()` or `hexdigest()`.
pub(crate) fn digest(record: &Record, as_hex: bool) -> Value {
    let digest = record.field("#digest").cloned().unwrap_or_default();
    if as_hex { text(hex(super::super::object::bytes_in(&digest).unwrap_or_default())) } else { digest }
}

fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for position in 0..4 {
            if position <= chunk.len() {
                let index = (group >> (18 - 6 * position)) & 63;
                out.push(char::from(ALPHABET[index as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// Characters outside of the alphabet are skipped, as Python does.
fn decode(encoded: &str) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(encoded.len() / 4 * 3);
    let (mut group, mut count) = (0u32, 0);
    let mut padding = 0;
    for byte in encoded.bytes() {
        if byte == b'=' {
            padding += 1;
            continue;
        }
        let Some(value) = ALPHABET.iter().position(|known| *known == byte) else {
            continue;
        };
        group = group << 6 | u32::try_from(value).unwrap_or(0);
        count += 1;
        if count == 4 {
            out.extend_from_slice(&group.to_be_bytes()[1..]);
            (group, count) = (0, 0);
        }
    }
    let bad = || raise(python::PythonError::new("binascii.Error", "Incorrect padding"));
    match (count, padding) {
        (0, _) => {}
        (2, 2..) => out.push((group >> 4) as u8),
        (3, 1..) => out.extend_from_slice(&[(group >> 10) as u8, (group >> 2) as u8]),
        _ => return Err(bad()),
    }
    Ok(out)
}
