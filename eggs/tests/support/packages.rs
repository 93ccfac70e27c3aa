//! Wheels and source distributions, made here.

use std::io::Write as _;
use std::path::Path;

use zip::write::SimpleFileOptions;

/// A wheel as it is written down.
pub struct Wheel {
    pub name: String,
    pub version: String,
    pub tag: String,
    pub metadata: String,
    pub format: String,
    pub files: Vec<(String, String, u32)>,
}

impl Wheel {
    pub fn new(name: &str, version: &str) -> Self {
        let module = name.replace(['.', '-'], "_");
        Self {
            name: name.into(),
            version: version.into(),
            tag: "py3-none-any".into(),
            metadata: String::new(),
            format: "1.0".into(),
            files: vec![(format!("{module}.py"), "def main():\n    return 0\n".into(), 0o644)],
        }
    }

    pub fn tag(mut self, tag: &str) -> Self {
        self.tag = tag.into();
        self
    }

    pub fn requires(mut self, requirement: &str) -> Self {
        self.metadata += &format!("Requires-Dist: {requirement}\n");
        self
    }

    pub fn extra(mut self, extra: &str) -> Self {
        self.metadata += &format!("Provides-Extra: {extra}\n");
        self
    }

    pub fn file(mut self, path: &str, content: &str) -> Self {
        self.files.push((path.into(), content.into(), 0o644));
        self
    }

    /// A file of the metadata.
    pub fn info(self, name: &str, content: &str) -> Self {
        let path = format!("{}/{name}", self.dist_info());
        self.file(&path, content)
    }

    /// A file below `NAME-VERSION.data`.
    pub fn data(mut self, path: &str, content: &str, mode: u32) -> Self {
        let path = format!("{}-{}.data/{path}", self.name.replace('-', "_"), self.version);
        self.files.push((path, content.into(), mode));
        self
    }

    pub fn console_script(self, line: &str) -> Self {
        self.info("entry_points.txt", &format!("[console_scripts]\n{line}\n"))
    }

    fn dist_info(&self) -> String {
        format!("{}-{}.dist-info", self.name.replace('-', "_"), self.version)
    }

    pub fn write(self, directory: &Path) -> std::path::PathBuf {
        let info = self.dist_info();
        let path = directory.join(format!("{}-{}-{}.whl", self.name.replace('-', "_"), self.version, self.tag));
        let mut zip = zip::ZipWriter::new(fs_err::File::create(&path).unwrap());
        let metadata =
            format!("Metadata-Version: 2.1\nName: {}\nVersion: {}\n{}", self.name, self.version, self.metadata);
        let wheel =
            format!("Wheel-Version: {}\nGenerator: test\nRoot-Is-Purelib: true\nTag: {}\n", self.format, self.tag);
        let mut files = self.files;
        files.push((format!("{info}/METADATA"), metadata, 0o664));
        files.push((format!("{info}/WHEEL"), wheel, 0o644));
        files.push((format!("{info}/RECORD"), String::new(), 0o600));
        for (name, content, mode) in files {
            let options = SimpleFileOptions::default().unix_permissions(mode);
            zip.start_file(name, options).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
        path
    }
}

/// Writes a project with a setup script below `directory`; returns nothing, the arguments are Python text.
pub fn project(directory: &Path, name: &str, version: &str, arguments: &str, files: &[(&str, &str)]) {
    let setup = format!(
        "from setuptools import setup\nsetup(name={name:?}, version={version:?}, url='u', author='a', author_email='e', {arguments})\n"
    );
    for (path, content) in files.iter().chain([&("setup.py", setup.as_str())]) {
        let path = directory.join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, content).unwrap();
    }
}

/// A source distribution `NAME-VERSION.tar.gz` in `directory`.
pub fn sdist(directory: &Path, name: &str, version: &str, arguments: &str, files: &[(&str, &str)]) {
    let source = tempfile::tempdir().unwrap();
    project(source.path(), name, version, arguments, files);
    let base = format!("{name}-{version}");
    let file = fs_err::File::create(directory.join(format!("{base}.tar.gz"))).unwrap();
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    tar.append_dir_all(&base, source.path()).unwrap();
    tar.into_inner().unwrap().finish().unwrap();
}
