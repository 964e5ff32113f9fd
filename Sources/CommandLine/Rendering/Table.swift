/// Columns under a head line, cut to the width of the terminal. The last column takes what is left.
enum Table {
    /// - Parameter colour: of a cell, by its row and column.
    static func text(
        _ header: [String], _ rows: [[String]], style: Style, colour: (Int, Int) -> Style.Colour?
    ) -> String {
        let widths = (0..<header.count - 1).map { column in
            max(header[column].columns, rows.map { $0[column].columns }.max() ?? 0)
        }
        var lines = [style.bold(line(header, widths, style) { text, _ in text })]
        for (index, row) in rows.enumerated() {
            lines.append(line(row, widths, style) { text, column in style.paint(text, colour(index, column)) })
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func line(
        _ cells: [String], _ widths: [Int], _ style: Style, paint: (String, Int) -> String
    ) -> String {
        var room = style.width ?? .max
        var parts: [String] = []
        for (column, cell) in cells.enumerated() where room > 0 {
            let isLast = column == widths.count || cells[(column + 1)...].allSatisfy(\.isEmpty)
            let text = (isLast ? cell : cell.padded(to: widths[column])).cut(to: room)
            parts.append(paint(text, column))
            room -= text.columns + 2
            if isLast { break }
        }
        return parts.joined(separator: "  ")
    }
}
