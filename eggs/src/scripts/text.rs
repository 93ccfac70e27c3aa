//! The texts of scripts.

use std::path::Path;

use super::Entry;

/// From this length on, the kernel may cut off the path of an interpreter.
const LONG: usize = 126;

/// The first line, or the first two where the interpreter's path is too long for one (slapos mode).
pub(super) fn header(python: &Path, slapos: bool) -> String {
    let python = python.to_string_lossy();
    if slapos && python.len() >= LONG {
        format!("#!/bin/sh\n\"exec\" \"{python}\" \"$0\" \"$@\"")
    } else {
        format!("#!{python}")
    }
}

/// A script for an entry point.
pub(super) fn script(
    header: &str,
    before: &str,
    paths: &str,
    initialization: &str,
    entry: &Entry,
    arguments: &str,
) -> String {
    let Entry { module, attributes, .. } = entry;
    format!(
        "{header}\n{before}\nimport sys\nsys.path[0:0] = [\n  {paths},\n  ]\n{initialization}\nimport {module}\n\n\
         if __name__ == '__main__':\n    sys.exit({module}.{attributes}({arguments}))\n"
    )
}

/// A script that is a Python interpreter with the paths.
pub(super) fn interpreter(header: &str, before: &str, paths: &str, initialization: &str) -> String {
    let comma = if paths.is_empty() { "" } else { "," };
    format!(
        "{header}\n{before}\nimport sys\n\nsys.path[0:0] = [\n  {paths}{comma}\n  ]\n{initialization}\n{INTERPRETER}"
    )
}

/// What an interpreter script does: the reference's program, as people and tests know it.
const INTERPRETER: &str = r#"
_interactive = True
if len(sys.argv) > 1:
    _options, _args = __import__("getopt").getopt(sys.argv[1:], 'ic:m:')
    _interactive = False
    for (_opt, _val) in _options:
        if _opt == '-i':
            _interactive = True
        elif _opt == '-c':
            exec(_val)
        elif _opt == '-m':
            sys.argv[1:] = _args
            _args = []
            __import__("runpy").run_module(
                 _val, {}, "__main__", alter_sys=True)

    if _args:
        sys.argv[:] = _args
        __file__ = _args[0]
        del _options, _args
        with open(__file__) as __file__f:
            exec(compile(__file__f.read(), __file__, "exec"))

if _interactive:
    del _interactive
    __import__("code").interact(banner="", local=globals())
"#;
