//! The checksums of the protocols. Simulators use them too.

/// CRC-16/IBM (ARC): reflected polynomial A001, start 0. Teltonika.
pub fn crc16_ibm(bytes: &[u8]) -> u16 {
    reflected(bytes, 0xA001, 0)
}

/// CRC-16/KERMIT: reflected polynomial 8408, start 0. Ruptela.
pub fn crc16_kermit(bytes: &[u8]) -> u16 {
    reflected(bytes, 0x8408, 0)
}

/// CRC-16/X-25, in vendors' texts CRC-ITU: as KERMIT, start FFFF, inverted at the end. GT06.
pub fn crc16_x25(bytes: &[u8]) -> u16 {
    !reflected(bytes, 0x8408, 0xFFFF)
}

/// The exclusive or of all bytes. JT/T 808, NMEA.
pub fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum ^ byte)
}

/// The sum of all bytes, its low eight bits. Meitrack.
pub fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

fn reflected(bytes: &[u8], polynomial: u16, start: u16) -> u16 {
    bytes.iter().fold(start, |mut crc, byte| {
        crc ^= u16::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ polynomial } else { crc >> 1 };
        }
        crc
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The catalogue of parametrised CRC algorithms has these values for `123456789`.
    #[test]
    fn checksums_are_those_of_the_catalogue() {
        let digits = b"123456789";
        assert_eq!((crc16_ibm(digits), crc16_kermit(digits), crc16_x25(digits)), (0xBB3D, 0x2189, 0x906E));
    }
}
