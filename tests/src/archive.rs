//! Archives that tests make.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest as _, Md5};

/// A tar archive of raw entries, hostile ones among them: the tar crate's own builder refuses those.
#[derive(Debug, Default, Clone)]
pub struct Archive(Vec<u8>);

impl Archive {
    pub fn new() -> Self {
        Self::default()
    }

    fn entry(mut self, kind: u8, name: &str, link: &str, mode: u32, content: &[u8]) -> Self {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(tar::EntryType::new(kind));
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        header.set_mtime(1_700_000_000);
        header.set_uid(0);
        header.set_gid(0);
        header.set_cksum();
        self.0.extend(header.as_bytes());
        self.0.extend(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub fn file(self, name: &str, content: &str) -> Self {
        self.entry(b'0', name, "", 0o644, content.as_bytes())
    }

    pub fn script(self, name: &str, content: &str) -> Self {
        self.entry(b'0', name, "", 0o755, content.as_bytes())
    }

    pub fn symlink(self, name: &str, target: &str) -> Self {
        self.entry(b'2', name, target, 0o777, b"")
    }

    /// The archive, compressed.
    pub fn gz(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&self.0).and_then(|()| encoder.finish()).expect("writing to memory works")
    }

    /// The source of a small package: `configure` that takes `--prefix`, a makefile, one program.
    pub fn package(name: &str) -> Self {
        let configure = "#!/bin/sh\nfor a; do case $a in --prefix=*) p=${a#*=};; esac; done\n\
                         sed \"s|@prefix@|$p|\" Makefile.in > Makefile\n";
        let makefile = format!(
            "prefix = @prefix@\nall: {name}.txt\n{name}.txt: input\n\tsed s/in/out/ input > $@\ninstall: all\n\
             \tmkdir -p $(DESTDIR)$(prefix)/share\n\tcp {name}.txt $(DESTDIR)$(prefix)/share/\n"
        );
        Self::new()
            .script(&format!("{name}-1.0/configure"), configure)
            .file(&format!("{name}-1.0/Makefile.in"), &makefile)
            .file(&format!("{name}-1.0/input"), "into the light\n")
    }
}

/// The md5 of bytes, in hexadecimal.
pub fn md5(bytes: impl AsRef<[u8]>) -> String {
    Md5::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
