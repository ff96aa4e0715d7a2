//! Clocks, memory, and what machine this is, as Linux tells them.

use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Why there are no figures.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// The middle of the samples; of an even number, the mean of the two in the middle.
pub(crate) fn median(mut samples: Vec<f64>) -> f64 {
    assert!(!samples.is_empty(), "every measurement has at least one run");
    samples.sort_by(f64::total_cmp);
    let middle = samples.len() / 2;
    if samples.len() % 2 == 1 { samples[middle] } else { (samples[middle - 1] + samples[middle]) / 2.0 }
}

/// Milliseconds that `f` takes; its result is dropped after the clock has stopped.
pub(crate) fn time_ms<T, E>(f: impl FnOnce() -> Result<T, E>) -> Result<f64, E> {
    let begun = Instant::now();
    let result = std::hint::black_box(f()?);
    let took = begun.elapsed();
    drop(result);
    Ok(took.as_secs_f64() * 1e3)
}

/// The median over `runs` of the milliseconds that `f` takes, `times` at once in each run.
pub(crate) fn median_ms<T, E>(runs: usize, times: usize, mut f: impl FnMut() -> Result<T, E>) -> Result<f64, E> {
    let mut samples = Vec::with_capacity(runs);
    for _ in 0..runs {
        let all = time_ms(|| (0..times).try_for_each(|_| f().map(|x| drop(std::hint::black_box(x)))))?;
        samples.push(all / times as f64);
    }
    Ok(median(samples))
}

/// CPU seconds of all threads of this process so far. Linux counts them for programs in hundredths of a second.
pub(crate) fn cpu_s() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    cpu_ticks(&stat).map(|ticks| ticks as f64 / 100.0).ok_or_else(|| "/proc/self/stat has another form than expected".into())
}

/// utime and stime: fields 14 and 15; the name in field 2 ends with the last bracket.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

/// The most memory that this process ever held, in MiB.
pub(crate) fn peak_rss_mb() -> Result<f64, Failure> {
    let kib = kib(&std::fs::read_to_string("/proc/self/status")?, "VmHWM")?;
    Ok(kib as f64 / 1024.0)
}

fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.split_once(':').filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim()))
}

fn kib(text: &str, name: &str) -> Result<u64, Failure> {
    let value = field(text, name).and_then(|value| value.strip_suffix(" kB")).ok_or_else(|| format!("no {name} in kB"))?;
    Ok(value.trim().parse()?)
}

/// Processes that ran or waited to run, on average over the last minute: above the number of cores, figures are too slow.
pub(crate) fn load_average() -> Result<f64, Failure> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    Ok(text.split_whitespace().next().ok_or("/proc/loadavg is empty")?.parse()?)
}

/// Where the figures come from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_mb: u64,
    pub(crate) load_average_before: f64,
    pub(crate) load_average_after: f64,
}

impl Machine {
    pub(crate) fn read(cores: usize, load_average_before: f64) -> Result<Self, Failure> {
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo")?;
        let cpu = field(&cpuinfo, "model name").unwrap_or(std::env::consts::ARCH).to_owned();
        let memory_mb = kib(&std::fs::read_to_string("/proc/meminfo")?, "MemTotal")? / 1024;
        Ok(Self { cpu, cores, memory_mb, load_average_before, load_average_after: load_average_before })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn what_linux_tells_is_read() {
        let stat = "42 (a ) b) S 1 2 3 4 5 6 7 8 9 10 150 25 0 0 20 0 1 0";
        assert_eq!(cpu_ticks(stat), Some(175));
        assert_eq!(cpu_ticks("42 (a"), None);
        assert_eq!(kib("VmPeak:\t 1 kB\nVmHWM:\t   2048 kB\n", "VmHWM").unwrap(), 2048);
        assert!(kib("VmPeak:\t 1 kB\n", "VmHWM").is_err());
        assert!(cpu_s().unwrap() >= 0.0 && peak_rss_mb().unwrap() > 1.0 && load_average().unwrap() >= 0.0);
        assert!(Machine::read(1, 0.0).unwrap().memory_mb > 0);
    }
}
