//! `itertools`, `functools` and `operator`.

use minijinja::State;
use minijinja::value::Value;

use super::super::convert::to_python;
use super::super::errors::{type_error, unsupported};
use super::super::iterate::{items, iter};
use super::super::object::{Cursor, Py, Result, arguments, cursor, iterator, list, lock, py, tuple};
use super::super::{attributes, methods, ops};

/// The largest product or repetition that is expanded.
const MAX_ITEMS: usize = 10_000_000;

/// Calls a function of these modules, by its dotted name.
pub(crate) fn call(name: &'static str, state: &mut State<'_, '_>, all: &[Value], args: &[Value]) -> Result {
    let int = |position: usize, default: i128| match args.get(position) {
        Some(value) => to_python(value)?.as_int().ok_or_else(|| type_error("a number is required")),
        None => Ok(default),
    };
    match (name, args) {
        ("itertools.count", _) => {
            let (_, named) = arguments(all);
            if !named.is_empty() {
                return Err(unsupported("keyword arguments of itertools.count()"));
            }
            Ok(cursor("count", Cursor::Count { next: int(0, 0)?, step: int(1, 1)? }))
        }
        ("itertools.chain", _) => {
            let parts = args.iter().map(items).collect::<Result<Vec<_>>>()?;
            Ok(iterator("chain", parts.concat()))
        }
        ("itertools.chain.from_iterable", [value]) => {
            let parts = items(value)?.iter().map(items).collect::<Result<Vec<_>>>()?;
            Ok(iterator("chain", parts.concat()))
        }
        ("itertools.cycle", [value]) => {
            let items = items(value)?;
            Ok(if items.is_empty() {
                iterator("cycle", items)
            } else {
                cursor("cycle", Cursor::Cycle { items, at: 0 })
            })
        }
        ("itertools.product", _) => {
            let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
            for column in args {
                let column = items(column)?;
                if rows.len().saturating_mul(column.len()) > MAX_ITEMS {
                    return Err(unsupported("a product of this size"));
                }
                rows = rows
                    .iter()
                    .flat_map(|row| column.iter().map(|item| [row.as_slice(), std::slice::from_ref(item)].concat()))
                    .collect();
            }
            Ok(iterator("product", rows.into_iter().map(tuple).collect()))
        }
        ("itertools.islice", [value, bounds @ ..]) if (1..=3).contains(&bounds.len()) => {
            let source = iter(value)?;
            let (start, stop) = if bounds.len() == 1 { (0, int(1, 0)?) } else { (int(1, 0)?, int(2, 0)?) };
            let step = usize::try_from(int(3, 1)?).unwrap_or(1).max(1);
            let mut kept = Vec::new();
            if let Some(Py::Iter { state, .. }) = py(&source) {
                for position in 0..stop {
                    let Some(item) = lock(state).next() else {
                        break;
                    };
                    if position >= start && usize::try_from(position - start).is_ok_and(|at| at.is_multiple_of(step)) {
                        kept.push(item);
                    }
                }
            }
            Ok(iterator("islice", kept))
        }
        ("itertools.repeat", [value, _]) => {
            let count = usize::try_from(int(1, 0)?).unwrap_or(0).min(MAX_ITEMS);
            Ok(iterator("repeat", vec![value.clone(); count]))
        }
        ("itertools.repeat", [value]) => Ok(cursor("repeat", Cursor::Cycle { items: vec![value.clone()], at: 0 })),
        ("functools.partial", [function, rest @ ..]) => {
            if all.len() != args.len() {
                return Err(unsupported("keyword arguments of functools.partial()"));
            }
            Ok(Value::from_object(Py::Partial { function: function.clone(), args: rest.to_vec() }))
        }
        ("functools.reduce", [function, value, rest @ ..]) => {
            let mut elements = items(value)?.into_iter();
            let first = rest.first().cloned().or_else(|| elements.next());
            let first = first.ok_or_else(|| type_error("reduce() of empty iterable with no initial value"))?;
            elements.try_fold(first, |total, item| function.call(state, &[total, item]))
        }
        ("operator.itemgetter" | "operator.attrgetter", [_, ..]) => {
            let getter = if name.ends_with("itemgetter") { "operator.#item" } else { "operator.#attr" };
            Ok(Value::from_object(Py::Partial {
                function: Value::from_object(Py::Function(getter)),
                args: vec![list(args.to_vec())],
            }))
        }
        ("operator.#item" | "operator.#attr", [keys, value]) => {
            let mut found = Vec::new();
            for key in items(keys)? {
                found.push(if name == "operator.#item" {
                    methods::get_item(value, &key)?
                } else {
                    attributes::attribute(value, key.as_str().unwrap_or_default())?
                });
            }
            Ok(if found.len() == 1 { found.remove(0) } else { tuple(found) })
        }
        ("operator.add", [a, b]) => ops::math("+", a, b),
        ("operator.sub", [a, b]) => ops::math("-", a, b),
        ("operator.mul", [a, b]) => ops::math("*", a, b),
        ("operator.eq", [a, b]) => ops::compare("==", a, b).map(Value::from),
        ("operator.ne", [a, b]) => ops::compare("!=", a, b).map(Value::from),
        ("operator.lt", [a, b]) => ops::compare("<", a, b).map(Value::from),
        ("operator.le", [a, b]) => ops::compare("<=", a, b).map(Value::from),
        ("operator.gt", [a, b]) => ops::compare(">", a, b).map(Value::from),
        ("operator.ge", [a, b]) => ops::compare(">=", a, b).map(Value::from),
        ("operator.contains", [a, b]) => ops::contains(a, b).map(Value::from),
        ("operator.getitem", [value, key]) => methods::get_item(value, key),
        ("operator.not_", [value]) => Ok(Value::from(!value.is_true())),
        _ => Err(unsupported(format!("{name}() with these arguments"))),
    }
}
