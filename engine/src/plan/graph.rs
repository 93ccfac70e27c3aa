//! The graph of parts and its critical path.

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use super::steps::Plan;

/// Which part needs which, with how long each is expected to take.
pub struct Graph {
    nodes: Vec<Node>,
    /// Indices on the critical path, first to last.
    path: Vec<usize>,
}

#[derive(Serialize)]
struct Node {
    part: Arc<str>,
    recipe: Arc<str>,
    seconds: f64,
    #[serde(skip)]
    needs: Vec<usize>,
    /// Seconds from the start of this part to the end of the last that waits for it.
    remaining: f64,
}

impl Graph {
    /// `seconds` tells the expected duration of a part, from earlier runs or a guess by its recipe.
    pub fn new(plan: &Plan, seconds: &dyn Fn(&str, &str) -> f64) -> Self {
        let mut nodes: Vec<Node> = plan
            .steps
            .iter()
            .map(|step| Node {
                part: step.part.clone(),
                recipe: step.recipe.clone(),
                seconds: seconds(&step.part, &step.recipe),
                needs: step.needs.clone(),
                remaining: 0.0,
            })
            .collect();
        // Parts come after what they need, except in loops of references, whose backward edges are ignored.
        let mut waiting = vec![0.0_f64; nodes.len()];
        for at in (0..nodes.len()).rev() {
            nodes[at].remaining = nodes[at].seconds + waiting[at];
            for &need in nodes[at].needs.iter().filter(|need| **need < at) {
                waiting[need] = waiting[need].max(nodes[at].remaining);
            }
        }
        let mut path: Vec<usize> = Vec::new();
        let mut next = (0..nodes.len()).max_by(|a, b| nodes[*a].remaining.total_cmp(&nodes[*b].remaining));
        while let Some(at) = next {
            path.push(at);
            next = (at + 1..nodes.len())
                .filter(|later| nodes[*later].needs.contains(&at))
                .max_by(|a, b| nodes[*a].remaining.total_cmp(&nodes[*b].remaining));
        }
        Self { nodes, path }
    }

    /// Longest remaining path of each step, in seconds: its priority.
    pub fn priorities(&self) -> Vec<f64> {
        self.nodes.iter().map(|node| node.remaining).collect()
    }

    /// Parts in order with what they need; those on the critical path are marked.
    pub fn text(&self) -> String {
        if self.nodes.is_empty() {
            return "No parts.\n".to_owned();
        }
        let mut out = String::new();
        for (at, node) in self.nodes.iter().enumerate() {
            let mark = if self.path.contains(&at) { '*' } else { ' ' };
            let needs: Vec<&str> = node.needs.iter().map(|need| &*self.nodes[*need].part).collect();
            let needs = if needs.is_empty() { String::new() } else { format!(" <- {}", needs.join(" ")) };
            let _ = writeln!(out, "{mark} {}{needs}", node.part);
        }
        let names: Vec<&str> = self.path.iter().map(|at| &*self.nodes[*at].part).collect();
        let total = self.path.first().map_or(0.0, |at| self.nodes[*at].remaining);
        let _ = writeln!(out, "\nCritical path (*), about {total:.0} s: {}", names.join(" > "));
        out
    }

    /// Graphviz: an arrow from a part to what it needs, the critical path bold.
    pub fn dot(&self) -> String {
        let mut out = String::from("digraph parts {\n  rankdir=LR;\n  node [shape=box];\n");
        let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        for (at, node) in self.nodes.iter().enumerate() {
            let style = if self.path.contains(&at) { ", style=bold, color=red" } else { "" };
            let _ = writeln!(
                out,
                "  {} [label={}{style}];",
                quote(&node.part),
                quote(&format!("{} ({:.0} s)", node.part, node.seconds))
            );
        }
        for (at, node) in self.nodes.iter().enumerate() {
            for need in &node.needs {
                let critical = self.path.windows(2).any(|pair| pair == [*need, at]);
                let style = if critical { " [style=bold, color=red]" } else { "" };
                let _ = writeln!(out, "  {} -> {}{style};", quote(&node.part), quote(&self.nodes[*need].part));
            }
        }
        out.push_str("}\n");
        out
    }

    pub fn json(&self) -> serde_json::Value {
        let nodes: Vec<serde_json::Value> = self
            .nodes
            .iter()
            .enumerate()
            .map(|(at, node)| {
                let needs: Vec<&str> = node.needs.iter().map(|need| &*self.nodes[*need].part).collect();
                json!({
                    "part": &*node.part,
                    "recipe": &*node.recipe,
                    "needs": needs,
                    "seconds": node.seconds,
                    "remaining_seconds": node.remaining,
                    "critical": self.path.contains(&at),
                })
            })
            .collect();
        let path: Vec<&str> = self.path.iter().map(|at| &*self.nodes[*at].part).collect();
        json!({ "version": 1, "parts": nodes, "critical_path": path })
    }
}
