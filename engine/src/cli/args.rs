//! The command line in the reference's grammar: options and assignments until the first other word, which is the
//! command; all that follows belongs to the command.

use std::path::PathBuf;

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    pub options: Options,
    pub command: String,
    pub arguments: Vec<String>,
}

/// Options before the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub upstream: bool,
    pub config: String,
    pub user_defaults: bool,
    /// Sorted by (section, option, value), one for each section and option: the greatest value wins.
    pub assignments: Vec<rbuildout_parser::Assignment>,
    /// `None`: as many as there are processors (one in upstream mode).
    pub jobs: Option<usize>,
    pub keep_going: bool,
    /// Fail at once if another run holds the directory.
    pub no_wait: bool,
    pub dry_run: bool,
    pub skip_signature_check: bool,
    pub color: Color,
    /// Where state that outlives a build directory is kept, instead of the user's cache directory.
    pub cache_directory: Option<PathBuf>,
}

/// When to colour messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    Auto,
    Always,
    Never,
}

/// Outcome of reading the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    Run(Box<Invocation>),
    Help,
    Version { upstream: bool },
}

/// Names of all commands; anything else is refused before any file is read.
pub const COMMANDS: [&str; 11] =
    ["install", "bootstrap", "init", "setup", "runsetup", "annotate", "query", "resolve", "plan", "why", "graph"];

/// Commands that are not the reference's: options and assignments may also follow them.
const OWN_COMMANDS: [&str; 4] = ["resolve", "plan", "why", "graph"];
/// Options of these commands themselves.
const OWN_OPTIONS: [&str; 3] = ["--json", "--dot", "--check"];

/// Reads the arguments after the program's name. Errors are complete messages without `Error: `.
pub fn parse(arguments: &[String], upstream: bool) -> Result<Parsed, String> {
    let mut options = Options {
        upstream,
        config: "buildout.cfg".to_owned(),
        user_defaults: true,
        assignments: Vec::new(),
        jobs: None,
        keep_going: false,
        no_wait: false,
        dry_run: false,
        skip_signature_check: false,
        color: Color::Auto,
        cache_directory: None,
    };
    let mut triples: Vec<(String, String, String)> = Vec::new();
    let mut verbosity = 0i64;
    let mut rest = arguments.iter();
    let mut words = Vec::new();
    let mut own = false;
    while let Some(argument) = rest.next() {
        if own && OWN_OPTIONS.contains(&argument.as_str()) {
            words.push(argument.clone());
            continue;
        }
        if let Some(long) = argument.strip_prefix("--").filter(|long| !long.is_empty()) {
            match long_option(long, argument, &mut rest, &mut options, &mut triples)? {
                Some(parsed) => return Ok(parsed),
                None => continue,
            }
        }
        if let Some(cluster) = argument.strip_prefix('-') {
            if let Some(parsed) =
                short_options(cluster, argument, &mut rest, &mut options, &mut triples, &mut verbosity)?
            {
                return Ok(parsed);
            }
        } else if argument.contains('=') {
            triples.push(assignment(argument)?);
        } else {
            own |= OWN_COMMANDS.contains(&argument.as_str());
            words.push(argument.clone());
            if !own {
                words.extend(rest.by_ref().cloned());
            }
        }
    }
    if verbosity != 0 {
        triples.push(("buildout".into(), "verbosity".into(), verbosity.to_string()));
    }
    triples.sort();
    for (section, option, value) in triples {
        match options.assignments.last_mut() {
            Some(last) if last.section == section && last.option == option => last.value = value,
            _ => options.assignments.push(rbuildout_parser::Assignment { section, option, value }),
        }
    }
    let mut words = words.into_iter();
    let command = words.next().unwrap_or_else(|| "install".to_owned());
    if !COMMANDS.contains(&command.as_str()) {
        return Err(format!("invalid command: {command}"));
    }
    Ok(Parsed::Run(Box::new(Invocation { options, command, arguments: words.collect() })))
}

type Triples = Vec<(String, String, String)>;

fn buildout(triples: &mut Triples, option: &str, value: &str) {
    triples.push(("buildout".to_owned(), option.to_owned(), value.to_owned()));
}

fn long_option(
    long: &str,
    whole: &str,
    rest: &mut std::slice::Iter<'_, String>,
    options: &mut Options,
    triples: &mut Triples,
) -> Result<Option<Parsed>, String> {
    let (name, inline) = match long.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (long, None),
    };
    let mut value = || {
        inline.clone().or_else(|| rest.next().cloned()).ok_or_else(|| format!("No value specified for option {whole}"))
    };
    match name {
        "help" => return Ok(Some(Parsed::Help)),
        "version" => return Ok(Some(Parsed::Version { upstream: options.upstream })),
        "upstream" => options.upstream = true,
        "jobs" => options.jobs = Some(jobs(&value()?)?),
        "keep-going" => options.keep_going = true,
        "no-wait" => options.no_wait = true,
        "cache-directory" => options.cache_directory = Some(PathBuf::from(value()?)),
        "color" => {
            options.color = match value()?.as_str() {
                "auto" => Color::Auto,
                "always" => Color::Always,
                "never" => Color::Never,
                other => return Err(format!("Invalid value '{other}' for --color: use auto, always or never")),
            }
        }
        "dry-run" if !options.upstream => {
            options.dry_run = true;
            buildout(triples, "dry-run", "true");
        }
        "skip-signature-check" if !options.upstream => {
            options.skip_signature_check = true;
            buildout(triples, "check-signature", "false");
        }
        _ if options.upstream => return Err("Invalid option --".to_owned()),
        _ => return Err(format!("Invalid option {whole}")),
    }
    Ok(None)
}

fn jobs(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(jobs) if (1..=1024).contains(&jobs) => Ok(jobs),
        _ => Err(format!("Invalid number of jobs '{text}': use a number from 1 to 1024")),
    }
}

fn short_options(
    cluster: &str,
    whole: &str,
    rest: &mut std::slice::Iter<'_, String>,
    options: &mut Options,
    triples: &mut Triples,
    verbosity: &mut i64,
) -> Result<Option<Parsed>, String> {
    for (at, letter) in cluster.char_indices() {
        match letter {
            'v' => *verbosity += 10,
            'q' => *verbosity -= 10,
            'h' | 'W' | 'A' => return Ok(Some(Parsed::Help)),
            'U' => options.user_defaults = false,
            'o' => buildout(triples, "offline", "true"),
            'O' => buildout(triples, "offline", "false"),
            'n' => buildout(triples, "newest", "true"),
            'N' => buildout(triples, "newest", "false"),
            'D' => {}
            'c' => {
                let name = &cluster[at + 1..];
                let name = if name.is_empty() { rest.next().map(String::as_str) } else { Some(name) };
                options.config = match name {
                    Some(name) if !name.is_empty() => name.to_owned(),
                    _ => return Err(format!("No file name specified for option {whole}")),
                };
                return Ok(None);
            }
            't' => {
                let text = rest.next().ok_or_else(|| format!("No timeout value specified for option {whole}"))?;
                let seconds: i64 = text.trim().parse().map_err(|_| format!("Timeout value must be numeric {whole}"))?;
                // zc.buildout takes any number, and ignores one that is no timeout.
                if seconds < 1 && !options.upstream {
                    return Err(format!("Invalid timeout '{text}': use a number of seconds from 1"));
                }
                buildout(triples, "socket-timeout", text);
                return Ok(None);
            }
            'j' if !options.upstream => {
                let text = match &cluster[at + 1..] {
                    "" => rest.next().cloned().ok_or_else(|| format!("No value specified for option {whole}"))?,
                    text => text.to_owned(),
                };
                options.jobs = Some(jobs(&text)?);
                return Ok(None);
            }
            'k' if !options.upstream => options.keep_going = true,
            other => return Err(format!("Invalid option -{other}")),
        }
    }
    Ok(None)
}

fn assignment(argument: &str) -> Result<(String, String, String), String> {
    let (left, value) = argument.split_once('=').unwrap_or((argument, ""));
    let pieces: Vec<&str> = left.split(':').map(str::trim).collect();
    let (section, option) = match pieces[..] {
        [option] => ("buildout", option),
        [section, option] => (section, option),
        _ => return Err(format!("Invalid option: {left}")),
    };
    Ok((section.to_owned(), option.to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(words: &[&str]) -> Invocation {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        match parse(&words, false) {
            Ok(Parsed::Run(invocation)) => *invocation,
            other => panic!("{other:?}"),
        }
    }

    fn error(words: &[&str], upstream: bool) -> String {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        parse(&words, upstream).unwrap_err()
    }

    fn assigned(words: &[&str]) -> Vec<String> {
        let assignments = run(words).options.assignments;
        assignments.iter().map(|a| format!("{}:{}={}", a.section, a.option, a.value)).collect()
    }

    #[test]
    fn clusters_and_files() {
        assert_eq!(run(&["-Uvc", "x.cfg", "annotate"]).options.config, "x.cfg");
        assert_eq!(run(&["-cv"]).options.config, "v");
        assert_eq!(assigned(&["-vvq"]), ["buildout:verbosity=10"]);
        assert_eq!(assigned(&["-oO"]), ["buildout:offline=true"]);
        assert_eq!(run(&["-", "install", "-v", "a=b"]).arguments, ["-v", "a=b"]);
        let resolve = run(&["resolve", "--json", "-c", "x.cfg", "a:b=c"]);
        assert_eq!(
            (resolve.arguments.as_slice(), resolve.options.config.as_str()),
            (&["--json".to_owned()][..], "x.cfg")
        );
        assert_eq!(resolve.options.assignments.len(), 1);
    }

    #[test]
    fn greatest_value_wins() {
        assert_eq!(assigned(&["a:z=10", "a:z=9"]), ["a:z=9"]);
        assert_eq!(assigned(&["a:x += 2", "a:y-=1", "b = c = d"]), ["a:x +=2", "a:y-=1", "buildout:b=c = d"]);
    }

    #[test]
    fn errors() {
        assert_eq!(error(&["-Z"], false), "Invalid option -Z");
        assert_eq!(error(&["--foo"], true), "Invalid option --");
        assert_eq!(error(&["--foo"], false), "Invalid option --foo");
        assert_eq!(error(&["-c"], true), "No file name specified for option -c");
        assert_eq!(error(&["-t"], true), "No timeout value specified for option -t");
        assert_eq!(error(&["-t", "x"], true), "Timeout value must be numeric -t");
        assert_eq!(error(&["nope"], true), "invalid command: nope");
        assert_eq!(error(&["a:b:c=1"], true), "Invalid option: a:b:c");
    }
}
