//! Small dense matrices over the field, by rows.

use crate::field::F;
use ark_ff::{Field, One, Zero};

/// Rows of equal length.
pub type Matrix = Vec<Vec<F>>;

/// The inner product of two vectors of equal length.
pub fn dot(a: &[F], b: &[F]) -> F {
    a.iter().zip(b).map(|(x, y)| *x * y).sum()
}

/// `a * v`.
pub fn apply(a: &[Vec<F>], v: &[F]) -> Vec<F> {
    a.iter().map(|row| dot(row, v)).collect()
}

/// `a * b`.
pub fn product(a: &[Vec<F>], b: &[Vec<F>]) -> Matrix {
    let columns = b.first().map_or(0, Vec::len);
    a.iter().map(|row| (0..columns).map(|j| row.iter().zip(b).map(|(x, y)| *x * y[j]).sum()).collect()).collect()
}

/// The identity of size `n`.
pub fn identity(n: usize) -> Matrix {
    (0..n).map(|i| (0..n).map(|j| if i == j { F::one() } else { F::zero() }).collect()).collect()
}

/// The inverse of a square matrix by Gauss-Jordan elimination, or `None` if it is singular.
pub fn inverse(a: &[Vec<F>]) -> Option<Matrix> {
    let n = a.len();
    let mut left = a.to_vec();
    let mut right = identity(n);
    for column in 0..n {
        let pivot = (column..n).find(|&row| !left[row][column].is_zero())?;
        left.swap(column, pivot);
        right.swap(column, pivot);
        let scale = left[column][column].inverse()?;
        for x in left[column].iter_mut().chain(&mut right[column]) {
            *x *= scale;
        }
        let (pivot_left, pivot_right) = (left[column].clone(), right[column].clone());
        for row in (0..n).filter(|&row| row != column) {
            let factor = left[row][column];
            if factor.is_zero() {
                continue;
            }
            for (x, y) in left[row].iter_mut().zip(&pivot_left).chain(right[row].iter_mut().zip(&pivot_right)) {
                *x -= factor * y;
            }
        }
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverse_times_matrix_is_identity() {
        // Powers of distinct numbers: a Vandermonde matrix.
        let a: Matrix = (0..6u64).map(|i| (0..6).map(|j| F::from(i + 2).pow([j])).collect()).collect();
        assert_eq!(product(&inverse(&a).unwrap(), &a), identity(6));
        let singular = vec![vec![F::from(2), F::from(4)], vec![F::from(1), F::from(2)]];
        assert_eq!(inverse(&singular), None);
        // A zero on the diagonal needs a row exchange.
        let exchange = vec![vec![F::from(0), F::from(1)], vec![F::from(1), F::from(0)]];
        assert_eq!(inverse(&exchange), Some(exchange.clone()));
    }
}
