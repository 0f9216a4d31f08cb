//! Which of several places is nearer. Whole numbers only: millionths of a degree in, a comparable number out.

/// A place in millionths of a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Latitude.
    pub latitude: i64,
    /// Longitude.
    pub longitude: i64,
}

/// One in the fixed-point numbers of this file.
const ONE: i128 = 1_000_000_000;
/// A millionth of a degree in radians, as such a number with nine more places.
const RADIANS: i128 = 17_453_292_520;

/// Metres of a degree of latitude on a sphere with the earth's mean radius of 6371009 metres (IUGG).
const METRES: i128 = 111_195;

impl Place {
    /// Reads two decimal strings of degrees with at most six places.
    #[must_use]
    pub fn read(latitude: &str, longitude: &str) -> Option<Self> {
        Some(Self { latitude: micro(latitude, 90)?, longitude: micro(longitude, 180)? })
    }

    /// How far another place is as the crow flies, in metres: on the plane that touches the earth between the two, which
    /// within a district is right to a thousandth, and within a province still orders places as the way between them does.
    #[must_use]
    pub fn metres_to(self, other: Self) -> u64 {
        let degrees = self.square_to(other).isqrt();
        u64::try_from(degrees * METRES / 1_000_000).unwrap_or(u64::MAX)
    }

    /// The square of the distance in millionths of a degree of latitude.
    fn square_to(self, other: Self) -> i128 {
        let north = i128::from(other.latitude - self.latitude);
        let turn = 360_000_000;
        let east = (i128::from(other.longitude - self.longitude) + turn / 2).rem_euclid(turn) - turn / 2;
        let east = east * cosine(i64::midpoint(self.latitude, other.latitude)) / ONE;
        north * north + east * east
    }
}

/// Cosine by its series to the eighth power, which is good to four places up to 90 degrees.
fn cosine(latitude: i64) -> i128 {
    let x = i128::from(latitude) * RADIANS / ONE;
    let square = x * x / ONE;
    let mut term = ONE;
    let mut sum = ONE;
    for step in [2, 12, 30, 56] {
        term = -term * square / ONE / step;
        sum += term;
    }
    sum.max(0)
}

fn micro(text: &str, most: i64) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, places) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str, longest| (1..=longest).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole, 3) || !plain(places, 6) {
        return None;
    }
    let read: i64 = format!("{whole}{places:0<6}").parse().ok()?;
    (read <= most * 1_000_000).then_some(if negative { -read } else { read })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_are_read_to_the_millionth() {
        assert_eq!(Place::read("28.6821", "115.958301"), Some(Place { latitude: 28_682_100, longitude: 115_958_301 }));
        assert_eq!(Place::read("-90", "-180.0"), Some(Place { latitude: -90_000_000, longitude: -180_000_000 }));
        for (latitude, longitude) in
            [("91", "0"), ("0", "180.000001"), ("", "0"), ("1.", "0"), ("1e1", "0"), ("é", "0")]
        {
            assert_eq!(Place::read(latitude, longitude), None, "{latitude} {longitude}");
        }
    }

    #[test]
    fn nearer_is_less_also_where_degrees_are_narrow() {
        let here = Place { latitude: 28_682_100, longitude: 115_958_300 };
        let north = Place { latitude: here.latitude + 10_000, ..here };
        let east = Place { longitude: here.longitude + 11_000, ..here };
        assert_eq!(here.square_to(here), 0);
        // A degree of longitude is 0.877 degrees of latitude here.
        assert!(here.square_to(east) < here.square_to(north));
        assert!(here.square_to(Place { longitude: here.longitude + 11_500, ..here }) > here.square_to(north));
        // Two places of the district: 8354 metres by the haversine formula.
        let there = Place { latitude: 28_690_000, longitude: 115_990_000 };
        let metres = Place { latitude: 28_661_000, longitude: 115_911_000 }.metres_to(there);
        assert!(metres.abs_diff(8_354) <= 8, "{metres}");
        assert_eq!((here.metres_to(here), here.metres_to(north)), (0, 1_111));
        for (latitude, thousandths) in [(0, 1000), (60_000_000, 500), (-60_000_000, 500), (90_000_000, 0)] {
            assert!((cosine(latitude) - thousandths * 1_000_000).abs() < 100_000, "{latitude}");
        }
    }
}
