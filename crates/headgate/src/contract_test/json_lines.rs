//! Records of a file of JSON lines.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use headgate_model::{ChunkBuilder, PartitionId, RecordChunk};

const CHUNK_BYTES: usize = 4 << 20;
const CHUNK_RECORDS: usize = 16 << 10;

pub(crate) struct JsonLines {
    file: BufReader<File>,
    line: i64,
    text: Vec<u8>,
}

impl JsonLines {
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let file = BufReader::with_capacity(1 << 20, File::open(path)?);
        Ok(Self { file, line: 0, text: Vec::new() })
    }

    /// The offset of a record is its line, from 1. Blank lines are none.
    pub fn next_chunk(&mut self) -> std::io::Result<Option<RecordChunk>> {
        let mut chunk = ChunkBuilder::default();
        let partition = chunk.partition(&PartitionId::new("file", "-", 0));
        while chunk.len() < CHUNK_RECORDS && chunk.payload_bytes() < CHUNK_BYTES {
            self.text.clear();
            if self.file.read_until(b'\n', &mut self.text)? == 0 {
                break;
            }
            self.line += 1;
            let record = self.text.trim_ascii();
            if !record.is_empty() {
                chunk.push(partition, self.line, None, Some(record), None, []);
            }
        }
        Ok((!chunk.is_empty()).then(|| chunk.finish(0, 0)))
    }
}
