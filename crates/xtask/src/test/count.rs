//! How many tests passed and failed, as the test runners say it.

use std::ops::AddAssign;

/// The result of a suite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Count {
    /// A check that is one test by itself.
    pub(super) const fn of_check(succeeded: bool) -> Self {
        if succeeded { Self { passed: 1, failed: 0 } } else { Self::one_failure() }
    }

    pub(super) const fn one_failure() -> Self {
        Self { passed: 0, failed: 1 }
    }

    /// The result of a run whose summary was not found or does not explain its exit: it counts as
    /// a failure at least once.
    pub(super) fn confirmed_by(mut self, succeeded: bool) -> Self {
        if !succeeded && self.failed == 0 {
            self.failed = 1;
        }
        self
    }

    /// Adds what a line of output says, if it is a summary of nextest
    /// (`Summary [ 1.2s] 3 tests run: 2 passed (1 slow), 1 failed, 0 skipped`), of cargo test
    /// (`test result: ok. 3 passed; 0 failed; ...`) or of Node (`# pass 3`, `# fail 0`,
    /// `# cancelled 0`) or of pytest (`2 passed, 1 failed, 1 error in 0.4s`).
    pub(super) fn read_line(&mut self, line: &str) {
        // Nextest indents what a failing test printed, its runner's own result among it; that test
        // is in nextest's summary already.
        if let Some(rest) = line.strip_prefix("test result:") {
            self.passed += number_before(rest, "passed");
            self.failed += number_before(rest, "failed");
        } else if line.trim_start().starts_with("Summary [") {
            // After an interruption it says "2/3 tests run"; those that never ran have not passed.
            let planned = number_before(line, "tests run").max(number_before(line, "test run"));
            let passed = number_before(line, "passed");
            self.passed += passed;
            self.failed += planned.saturating_sub(passed);
        } else if let Some(number) = line.strip_prefix("# pass ") {
            self.passed += number.parse::<u32>().unwrap_or(0);
        } else if let Some(number) =
            line.strip_prefix("# fail ").or_else(|| line.strip_prefix("# cancelled "))
        {
            self.failed += number.parse::<u32>().unwrap_or(0);
        } else if is_pytest_summary(line) {
            self.passed += number_before(line, "passed");
            self.failed += number_before(line, "failed") + number_before(line, "error");
        }
    }
}

/// Its quiet form: counts and words, then the time.
fn is_pytest_summary(line: &str) -> bool {
    line.split_once(" in ").is_some_and(|(counts, time)| {
        // Beyond a minute the time is written a second time, for people.
        let seconds = time.split(' ').next().and_then(|time| time.strip_suffix('s'));
        let is_time = seconds.is_some_and(|seconds| seconds.parse::<f64>().is_ok());
        is_time
            && counts.split(", ").all(|count| {
                count.split_once(' ').is_some_and(|(number, _)| number.parse::<u32>().is_ok())
            })
    })
}

/// What a test wants to be read at the end of the run: a line that begins with `figure: `. A test
/// that prints one needs `success-output` in nextest's configuration.
pub(super) fn figure(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("figure: ")
}

/// The number in front of `word`; 0 if there is none.
fn number_before(text: &str, word: &str) -> u32 {
    text.split_once(word)
        .and_then(|(before, _)| before.trim_end().rsplit(|c: char| !c.is_ascii_digit()).next())
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(lines: &[&str]) -> Count {
        let mut count = Count::default();
        for line in lines {
            count.read_line(line);
        }
        count
    }

    #[test]
    fn nextest_summaries_are_read() {
        let line = "     Summary [   0.010s] 12 tests run: 10 passed (1 slow), 1 failed, 1 timed out, 3 skipped";
        assert_eq!(count(&[line]), Count { passed: 10, failed: 2 });
        let one = "Summary [   0.006s] 1 test run: 1 passed, 0 skipped";
        assert_eq!(count(&[one]), Count { passed: 1, failed: 0 });
        let cut = "Summary [   0.006s] 2/5 tests run: 1 passed, 1 failed, 0 skipped";
        assert_eq!(count(&[cut]), Count { passed: 1, failed: 4 });
    }

    #[test]
    fn what_a_failing_test_printed_is_not_counted_again() {
        let lines = ["    test result: FAILED. 0 passed; 1 failed; 0 ignored"];
        assert_eq!(count(&lines), Count::default());
    }

    #[test]
    fn cargo_test_summaries_are_added_up() {
        let lines = [
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
            "running 3 tests",
        ];
        assert_eq!(count(&lines), Count { passed: 4, failed: 2 });
    }

    #[test]
    fn figures_are_found_under_any_indentation() {
        assert_eq!(figure("    figure: 90 operations"), Some("90 operations"));
        assert_eq!(figure("the figure: 90"), None);
    }

    #[test]
    fn summaries_of_node_are_read() {
        let lines = ["# tests 6", "# pass 3", "# fail 2", "# cancelled 1", "# passing by"];
        assert_eq!(count(&lines), Count { passed: 3, failed: 3 });
    }

    #[test]
    fn summaries_of_pytest_are_read() {
        let lines =
            ["4 failed, 54 passed, 6 errors in 4.19s", "read in 3.0s", "1 passed by in Oslo"];
        assert_eq!(count(&lines), Count { passed: 54, failed: 10 });
        assert_eq!(count(&["64 passed in 65.71s (0:01:05)"]), Count { passed: 64, failed: 0 });
    }

    #[test]
    fn a_run_that_died_without_a_summary_is_a_failure() {
        assert_eq!(Count::default().confirmed_by(false), Count::one_failure());
        assert_eq!(Count::default().confirmed_by(true), Count::default());
    }
}
