//! Debian's source archive.
