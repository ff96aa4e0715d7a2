//! A file in memory, and parts of it as slices of numbers. All of the crate's `unsafe` is here.

use memmap2::Mmap;
use probity_curve::{G1Point, G2Point};
use std::fs::File;
use std::io;
use std::ops::Range;

#[cfg(not(target_endian = "little"))]
compile_error!("compiled circuits are mapped as they lie on disk, least significant byte first: this machine orders bytes the other way");

/// A file mapped for reading.
///
/// What other processes do to the file while it is mapped cannot break memory safety: all that is read are integers, every value of
/// which is a value, and each use of one as an index is checked when it is made, not only when the file is opened. A file that is
/// truncated ends the process with a bus error at the next access to what is gone, without a proof. Neither happens by this program's
/// doing: files appear by a rename, are never written again, and lie in a folder of their owner's alone; a file that is replaced or
/// deleted stays as it was for whoever has mapped it.
pub(super) struct Mapping(Mmap);

impl Mapping {
    #[expect(unsafe_code, reason = "mapping a file spares copying and converting it at each start")]
    pub(super) fn of(file: &File) -> io::Result<Self> {
        // SAFETY: see the type. Nothing but integers is read through the map, and no value read is relied on twice.
        let map = unsafe { Mmap::map(file) }?;
        // the sums will read all of it in a moment; where the system does not take the hint, they wait for it
        #[cfg(unix)]
        let _ = map.advise(memmap2::Advice::WillNeed);
        Ok(Self(map))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A part of the file as numbers.
    ///
    /// # Panics
    /// If the part is not within the file, not aligned, or not a whole number of elements.
    pub(super) fn slice<T: Plain>(&self, range: Range<usize>) -> &[T] {
        #[expect(unsafe_code, reason = "the one place where bytes become numbers")]
        // SAFETY: any bytes are a `T`, which is what the trait promises; the standard library sees to alignment and length.
        let (before, elements, after) = unsafe { self.0[range].align_to::<T>() };
        assert!(before.is_empty() && after.is_empty(), "the file's decoder has checked offsets and lengths");
        elements
    }
}

/// Types of which any bytes are a value.
///
/// # Safety
/// Only integers, and arrays and `repr(C)` structures of integers without padding.
#[expect(unsafe_code, reason = "a promise that the compiler cannot check")]
pub(super) unsafe trait Plain: Copy + 'static {}

#[expect(unsafe_code, reason = "an integer")]
// SAFETY: an integer.
unsafe impl Plain for u32 {}
#[expect(unsafe_code, reason = "an array of integers")]
// SAFETY: an array of integers.
unsafe impl Plain for [u64; 4] {}
#[expect(unsafe_code, reason = "integers of one size, in C's layout")]
// SAFETY: `repr(C)`, eight integers of one size, so without padding.
unsafe impl Plain for G1Point {}
#[expect(unsafe_code, reason = "integers of one size, in C's layout")]
// SAFETY: `repr(C)`, sixteen integers of one size, so without padding.
unsafe impl Plain for G2Point {}
