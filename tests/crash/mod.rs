//! Power cuts: whatever a node has answered as final is the same after it comes back.

use probity_demo::node::Node;
use probity_tests::nodes::{account, final_blocks, single};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const CUTS: usize = 3;

#[test]
fn final_blocks_survive_sigkill_while_transactions_flow() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut node, tools) = single(folder.path());
    let (key, _) = account(&tools, folder.path(), "payer");
    let (_, payee) = account(&tools, folder.path(), "payee");
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                // between a cut and the restart nobody answers: the next attempt will
                if tools.probity(&["tx", "transfer", "--key", &key, "--to", &payee, "--amount", "1"]).is_ok() {
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        let mut known = vec![];
        for cut in 0..CUTS {
            let goal = sent.load(Ordering::Relaxed) + 3;
            let begun = std::time::Instant::now();
            while sent.load(Ordering::Relaxed) < goal {
                assert!(begun.elapsed().as_secs() < 60, "transactions no longer flow before cut {cut}");
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            let answered = final_blocks(node.url());
            node.kill();
            let (home, url) = (node.home().to_owned(), node.url().to_owned());
            node = Node::start(&tools, &home, &url).expect("the node comes back");
            let after = final_blocks(&url);
            assert!(after.len() >= answered.len(), "cut {cut}: {} blocks, {} before", after.len(), answered.len());
            for (height, (before, after)) in answered.iter().zip(&after).enumerate() {
                assert_eq!(before, after, "cut {cut}: block {}", height + 1);
            }
            known = after;
        }
        stop.store(true, Ordering::Relaxed);
        let receipts: usize = known.iter().map(|b| b.1.as_array().map_or(0, Vec::len)).sum();
        assert!(receipts > CUTS, "blocks with transactions were compared: {receipts} receipts");
    });
}
