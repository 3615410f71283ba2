//! Formats that documents are made in.

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentFormat {
    /// Excel workbook.
    Xlsx,
    /// Word document.
    Docx,
    /// PDF.
    Pdf,
}

impl DocumentFormat {
    /// Extension of the file, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Docx => "docx",
            Self::Pdf => "pdf",
        }
    }

    /// Media type of the file.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Pdf => "application/pdf",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::JobType;

    #[test]
    fn a_job_says_its_format_in_its_name() {
        for job_type in JobType::ALL {
            let (_, last) = job_type.as_str().rsplit_once('_').unwrap();
            let extension = match last {
                "excel" => "xlsx",
                "word" => "docx",
                other => other,
            };
            assert_eq!(job_type.format().extension(), extension);
        }
    }
}
