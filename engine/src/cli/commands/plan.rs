//! `plan`, `why` and `graph`: what a run would do.

use std::path::PathBuf;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use serde_json::json;

use super::{Problem, output};
use crate::plan::{Action, Graph, Plan, Reason};
use crate::run::{Purpose, prepare};
use crate::session::Session;
use crate::state::{Durations, Outcome, StateDirectory, last_record};

/// Show what would be installed, updated or removed, and why.
#[derive(Debug, Parser)]
#[command(name = "rbuildout plan", no_binary_name = true, disable_version_flag = true)]
struct PlanArguments {
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
    /// Parts, if not all are meant.
    parts: Vec<String>,
}

/// Explain what would happen to a part, and what happened last time.
#[derive(Debug, Parser)]
#[command(name = "rbuildout why", no_binary_name = true, disable_version_flag = true)]
struct WhyArguments {
    #[arg(long)]
    json: bool,
    part: String,
}

/// Show which part needs which, with the critical path.
#[derive(Debug, Parser)]
#[command(name = "rbuildout graph", no_binary_name = true, disable_version_flag = true)]
struct GraphArguments {
    /// Print it for Graphviz.
    #[arg(long, conflicts_with = "json")]
    dot: bool,
    #[arg(long)]
    json: bool,
}

/// Reads the arguments of one of our own commands. Its errors have the form of the reference's.
pub(super) fn arguments<T: Parser>(command: &str, arguments: &[String]) -> Result<T, Problem> {
    T::try_parse_from(arguments).map_err(|error| {
        let named = |kind| match error.get(kind) {
            Some(ContextValue::String(name)) => name.clone(),
            Some(ContextValue::Strings(names)) => names.join(" "),
            _ => String::new(),
        };
        let argument = named(ContextKind::InvalidArg);
        Problem::Message(match error.kind() {
            ErrorKind::ArgumentConflict => {
                format!("The {command} command takes only one of {} and {argument}.", named(ContextKind::PriorArg))
            }
            ErrorKind::UnknownArgument if argument.starts_with('-') => format!("Invalid option {argument}"),
            ErrorKind::UnknownArgument if T::command().get_positionals().next().is_none() => {
                format!("The {command} command takes no argument '{argument}'.")
            }
            _ => format!("The {command} command requires a single argument."),
        })
    })
}

/// The plan, where runs are recorded, and the Python that the release is to build for itself first.
fn look(session: &Session, parts: &[String]) -> Result<(Plan, StateDirectory, Option<PathBuf>), Problem> {
    let profile = session.load()?;
    let prepared = prepare(session, profile, parts, Purpose::Look)?;
    Ok((prepared.plan, prepared.state, prepared.other_python))
}

pub(super) fn plan(session: &Session, arguments: &[String]) -> Result<(), Problem> {
    let arguments: PlanArguments = self::arguments("plan", arguments)?;
    let (plan, _, python) = look(session, &arguments.parts)?;
    if arguments.json {
        let mut document = json!({ "version": 1, "removals": plan.removals, "steps": plan.steps });
        if let Some(python) = python {
            document["python_first"] = json!(python);
        }
        return output(&format!("{document:#}\n"));
    }
    let mut text = text(&plan);
    if let Some(python) = python {
        let python = python.display();
        text.push_str(&format!("This is the plan with the Python at hand; it is made anew once {python} is built.\n"));
    }
    output(&text)
}

fn text(plan: &Plan) -> String {
    let mut out = String::new();
    let mut line = |action: &str, part: &str, reasons: &[Reason]| {
        out.push_str(&format!("{action:<9} {part}\n"));
        for reason in reasons.iter().filter(|reason| !matches!(reason, Reason::New | Reason::Unchanged)) {
            out.push_str(&format!("          - {reason}\n"));
        }
    };
    for removal in plan.removals.iter().filter(|removal| !removal.reinstalled) {
        line(Action::Remove.word(), &removal.part, &removal.reasons);
    }
    for step in plan.steps.iter().filter(|step| step.action != Action::Keep) {
        line(step.action.word(), &step.part, &step.reasons);
    }
    let counts = [Action::Install, Action::Reinstall, Action::Update, Action::Remove, Action::Keep]
        .map(|action| (action, plan.count(action)));
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(action, count)| format!("{count} to {}", action.word()))
        .collect();
    out.push_str(&if counts.is_empty() { "No parts.\n".to_owned() } else { format!("{}.\n", counts.join(", ")) });
    out
}

pub(super) fn why(session: &Session, arguments: &[String]) -> Result<(), Problem> {
    let arguments: WhyArguments = self::arguments("why", arguments)?;
    let (plan, state, _) = look(session, &[])?;
    let name = arguments.part.as_str();
    let last = last_record(&state.runs(), name);
    let step = plan.steps.iter().find(|step| &*step.part == name);
    let removal = plan.removals.iter().find(|removal| &*removal.part == name && !removal.reinstalled);
    let now = match (step, removal) {
        (Some(step), _) => Some((step.action, &step.reasons)),
        (None, Some(removal)) => Some((Action::Remove, &removal.reasons)),
        (None, None) => None,
    };
    if now.is_none() && last.is_none() {
        let near = rbuildout_parser::nearest(name, plan.steps.iter().map(|step| &*step.part));
        let hint = near.map_or(String::new(), |near| format!(" Did you mean {near}?"));
        return Err(Problem::Message(format!("There is no part '{name}'.{hint}")));
    }
    if arguments.json {
        let needed_by = dependents(&plan, name);
        let document = json!({
            "version": 1,
            "part": name,
            "action": now.map(|(action, _)| action),
            "reasons": now.map(|(_, reasons)| reasons),
            "needs": step.map(|step| needs(&plan, &step.needs)),
            "needed_by": needed_by,
            "last": last.as_ref().map(|(started, record)| json!({ "started": started, "record": record })),
        });
        return output(&format!("{document:#}\n"));
    }
    let mut out = String::new();
    if let Some((action, reasons)) = now {
        out.push_str(&format!("{name}: {}\n", action.word()));
        for reason in reasons {
            out.push_str(&format!("  because {reason}\n"));
        }
    } else {
        out.push_str(&format!("{name}: not in this profile\n"));
    }
    if let Some(step) = step {
        if !step.needs.is_empty() {
            out.push_str(&format!("  needs {}\n", needs(&plan, &step.needs).join(" ")));
        }
        let needed_by = dependents(&plan, name);
        if !needed_by.is_empty() {
            out.push_str(&format!("  needed by {}\n", needed_by.join(" ")));
        }
    }
    if let Some((started, record)) = last {
        let outcome = match &record.outcome {
            Outcome::Done => format!("done in {:.1} s", record.seconds),
            Outcome::Failed { error } => format!("failed: {}", error.trim().replace('\n', " ")),
            Outcome::NotReached => "not reached".to_owned(),
        };
        let when = jiff::Timestamp::from_second(started as i64)
            .map_or(String::new(), |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
        out.push_str(&format!("last time ({when}): {}, {outcome}\n", record.action.word()));
        for reason in &record.reasons {
            out.push_str(&format!("  because {reason}\n"));
        }
    }
    output(&out)
}

fn needs<'a>(plan: &'a Plan, indices: &[usize]) -> Vec<&'a str> {
    indices.iter().map(|index| &*plan.steps[*index].part).collect()
}

fn dependents<'a>(plan: &'a Plan, name: &str) -> Vec<&'a str> {
    let Some(at) = plan.steps.iter().position(|step| &*step.part == name) else { return Vec::new() };
    plan.steps.iter().filter(|step| step.needs.contains(&at)).map(|step| &*step.part).collect()
}

pub(super) fn graph(session: &Session, arguments: &[String]) -> Result<(), Problem> {
    let arguments: GraphArguments = self::arguments("graph", arguments)?;
    let plan = look(session, &[])?.0;
    let durations = Durations::load(session.cache_directory.as_deref());
    let graph = Graph::new(&plan, &|part, recipe| durations.expect(part, recipe));
    if arguments.json {
        return output(&format!("{:#}\n", graph.json()));
    }
    output(&if arguments.dot { graph.dot() } else { graph.text() })
}
