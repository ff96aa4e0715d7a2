//! Points in the memory form of some lanes.

use crate::field::Lanes;
use ark_bn254::Fr;
use ark_ec::CurveGroup;
use zeroize::Zeroize;

/// The sign bit of a reference to a point.
pub(crate) const NEGATIVE: u32 = 1 << 31;

/// Indices of points, one a lane; lanes beyond the width are ignored.
pub(crate) type Places = [usize; 8];

/// How one group is computed in on one kind of CPU.
pub(crate) trait Kernel {
    /// The arithmetic of coordinates.
    type Lanes: Lanes;
    /// A point in a key.
    type Point: Copy + Sync;
    /// A point in memory while it is computed with. Never the identity, but for [`Kernel::HOLE`].
    type Memory: Copy + Send + Sync + PartialEq + Zeroize;
    /// The library's group.
    type Group: CurveGroup<ScalarField = Fr>;
    /// Where the identity came out of a sum. No point of the curve looks like it.
    const HOLE: Self::Memory;

    /// Whether a key's point is the identity.
    fn is_identity(point: &Self::Point) -> bool;
    /// Brings the points of a key into memory form.
    fn prepare(points: &[Self::Point]) -> Vec<Self::Memory>;
    /// Both coordinates of points.
    fn load(points: &[Self::Memory], at: Places) -> (Self::Lanes, Self::Lanes);
    /// First coordinates of points.
    fn load_x(points: &[Self::Memory], at: Places) -> Self::Lanes;
    /// Writes points; coordinates are below 2p.
    fn store(points: &mut [Self::Memory], at: Places, x: Self::Lanes, y: Self::Lanes);
    /// Second coordinates, negated where the bit is set.
    fn negated(y: Self::Lanes, lanes: u8) -> Self::Lanes;
    /// Three times the curve's constant.
    fn three_b() -> Self::Lanes;
    /// Points x/z, y/z of all lanes. Slow.
    fn groups(x: Self::Lanes, y: Self::Lanes, z: Self::Lanes) -> Vec<Self::Group>;
    /// [`super::window::sum`], compiled for the CPU.
    fn window(
        points: &[Self::Memory],
        shifted: &[super::digits::Shifted],
        window: super::digits::Window,
        scratch: &mut super::window::Scratch<Self>,
    ) -> Self::Group
    where
        Self: Sized;
}
