//! Where the boxes of a graph and the lines between them go. The `layout-rs` crate decides; what it says is put into SVG's terms here.

use layout::adt::dag::NodeHandle;
use layout::core::base::Orientation;
use layout::core::format::{ClipHandle, RenderBackend};
use layout::core::geometry::Point;
use layout::core::style::StyleAttr;
use layout::std_shapes::shapes::{Arrow, Element, ShapeKind};
use layout::topo::layout::VisualGraph;

/// Boxes beyond which crossings are no longer avoided: that takes quadratic time and more.
const NEAT: usize = 100;
/// Boxes beyond which nothing is drawn: nobody can read it.
pub const MOST: usize = 250;
/// Around the picture.
const MARGIN: f64 = 6.0;

/// A graph, drawn from left to right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub width: i64,
    pub height: i64,
    /// The upper left corners, in the order of the boxes.
    pub corners: Vec<(i64, i64)>,
    /// In the order of the edges.
    pub lines: Vec<Line>,
}

/// An edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The `d` of an SVG path.
    pub path: String,
    /// Where its head is, and the direction in degrees.
    pub tip: (i64, i64, i64),
}

/// Places boxes of these sizes; an edge leads from one index to another. `None`: there are too many to be drawn.
#[must_use]
pub fn placed(sizes: &[(i64, i64)], edges: &[(usize, usize)]) -> Option<Placed> {
    let is_edge = |(from, to): &(usize, usize)| from != to && *from < sizes.len() && *to < sizes.len();
    if sizes.is_empty() || sizes.len() > MOST || !edges.iter().all(is_edge) {
        return None;
    }
    let mut graph = VisualGraph::new(Orientation::LeftToRight);
    let nodes: Vec<NodeHandle> = sizes.iter().map(|&size| graph.add_node(element(size))).collect();
    for &(from, to) in edges {
        graph.add_edge(Arrow::simple(""), nodes[from], nodes[to]);
    }
    let mut canvas = Canvas::default();
    graph.do_it(false, sizes.len() > NEAT, false, &mut canvas);
    Some(canvas.finish(sizes))
}

#[expect(clippy::cast_precision_loss, reason = "boxes are some hundred pixels wide")]
fn element((width, height): (i64, i64)) -> Element {
    let size = Point::new(width as f64, height as f64);
    Element::create(
        ShapeKind::Box(String::new()),
        StyleAttr::simple(),
        Orientation::LeftToRight,
        size,
    )
}

/// Takes down what the library would draw.
#[derive(Default)]
struct Canvas {
    /// The middles of the boxes.
    boxes: Vec<Point>,
    /// Curves, and whether their heads are at the end.
    curves: Vec<(Vec<(Point, Point)>, bool)>,
}

impl Canvas {
    #[expect(clippy::cast_precision_loss, reason = "boxes are some hundred pixels wide")]
    fn finish(&self, sizes: &[(i64, i64)]) -> Placed {
        let corner = |(middle, &(width, height)): (&Point, &(i64, i64))| {
            Point::new(middle.x - width as f64 / 2.0, middle.y - height as f64 / 2.0)
        };
        let corners: Vec<Point> = self.boxes.iter().zip(sizes).map(corner).collect();
        let bends = self
            .curves
            .iter()
            .flat_map(|(curve, _)| curve.iter().flat_map(|(a, b)| [*a, *b]));
        let all: Vec<Point> = corners.iter().copied().chain(bends).collect();
        let least = |of: fn(&Point) -> f64| all.iter().map(of).fold(f64::MAX, f64::min) - MARGIN;
        let shift = Point::new(least(|point| point.x), least(|point| point.y));
        let placed: Vec<(i64, i64)> = corners.iter().map(|point| rounded(*point, shift)).collect();
        let lines: Vec<Line> = self
            .curves
            .iter()
            .filter_map(|(curve, forwards)| line(curve, *forwards, shift))
            .collect();
        let ends = all.iter().map(|point| rounded(*point, shift));
        let boxes = placed
            .iter()
            .zip(sizes)
            .map(|(at, size)| (at.0 + size.0, at.1 + size.1));
        let most: (i64, i64) = ends
            .chain(boxes)
            .fold((0, 0), |most, end| (most.0.max(end.0), most.1.max(end.1)));
        Placed {
            width: most.0 + 6,
            height: most.1 + 6,
            corners: placed,
            lines,
        }
    }
}

/// On whole pixels, which are the same on every machine.
#[expect(clippy::cast_possible_truncation, reason = "a picture is some thousand pixels wide")]
fn rounded(point: Point, shift: Point) -> (i64, i64) {
    ((point.x - shift.x).round() as i64, (point.y - shift.y).round() as i64)
}

/// A curve of the library: the first pair is the start with its control point, each further one a control point with its end.
fn line(curve: &[(Point, Point)], forwards: bool, shift: Point) -> Option<Line> {
    let (first, rest) = curve.split_first()?;
    let (second, rest) = rest.split_first()?;
    let at = |point: Point| {
        let (x, y) = rounded(point, shift);
        format!("{x} {y}")
    };
    let mut path = format!("M{} C{}, {}, {}", at(first.0), at(first.1), at(second.0), at(second.1));
    for (control, end) in rest {
        path.push_str(&format!(" S{}, {}", at(*control), at(*end)));
    }
    let last = rest.last().unwrap_or(second);
    let (from, to) = if forwards { (last.0, last.1) } else { (first.1, first.0) };
    let (x, y) = rounded(to, shift);
    Some(Line {
        path,
        tip: (x, y, degrees(from, to)),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "at most 180")]
fn degrees(from: Point, to: Point) -> i64 {
    (to.y - from.y).atan2(to.x - from.x).to_degrees().round() as i64
}

impl RenderBackend for Canvas {
    fn draw_rect(&mut self, xy: Point, size: Point, _: &StyleAttr, _: Option<String>, _: Option<ClipHandle>) {
        self.boxes.push(Point::new(xy.x + size.x / 2.0, xy.y + size.y / 2.0));
    }

    fn draw_line(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    fn draw_circle(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    fn draw_text(&mut self, _: Point, _: &str, _: &StyleAttr) {}

    fn draw_arrow(
        &mut self,
        path: &[(Point, Point)],
        _: bool,
        (_, forwards): (bool, bool),
        _: &StyleAttr,
        _: Option<String>,
        _: &str,
    ) {
        self.curves.push((path.to_vec(), forwards));
    }

    fn create_clip(&mut self, _: Point, _: Point, _: usize) -> ClipHandle {
        0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_chain_goes_from_left_to_right() {
        let placed = placed(&[(100, 40), (60, 30), (100, 40)], &[(0, 1), (1, 2)]).unwrap();
        let [a, b, c] = placed.corners[..] else {
            panic!("{placed:?}")
        };
        assert!(a.0 + 100 < b.0 && b.0 + 60 < c.0, "{placed:?}");
        assert_eq!(placed.lines.len(), 2);
        let (x, _, angle) = placed.lines[1].tip;
        assert_eq!((x, angle), (c.0, 0), "{placed:?}");
    }

    #[test]
    fn a_circle_keeps_its_heads() {
        let placed = placed(&[(100, 40), (100, 40)], &[(0, 1), (1, 0)]).unwrap();
        let (first, back) = (&placed.lines[0].tip, &placed.lines[1].tip);
        assert!(first.0 > back.0, "{placed:?}");
    }

    #[test]
    fn a_large_graph_is_placed_without_being_made_neat() {
        let sizes = vec![(120, 40); NEAT + 40];
        let edges: Vec<_> = (1..sizes.len())
            .map(|to| (to / 3, to))
            .filter(|(from, to)| from != to)
            .collect();
        let placed = placed(&sizes, &edges).unwrap();
        assert_eq!((placed.corners.len(), placed.lines.len()), (sizes.len(), edges.len()));
    }

    #[test]
    fn what_nobody_can_read_is_not_drawn() {
        assert_eq!(placed(&vec![(10, 10); MOST + 1], &[]), None);
        assert_eq!(placed(&[], &[]), None);
        assert_eq!(placed(&[(10, 10)], &[(0, 3)]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever the graph, the library neither panics nor puts one box upon another.
        #[test]
        fn no_box_covers_another(edges in proptest::collection::btree_set((0_usize..12, 0_usize..12), 0..24)) {
            let edges: Vec<_> = edges.into_iter().filter(|(from, to)| from != to).collect();
            let sizes: Vec<_> = (0..12).map(|index| (80 + index * 10, 40)).collect();
            let placed = placed(&sizes, &edges).unwrap();
            prop_assert_eq!(placed.lines.len(), edges.len());
            for (one, a) in placed.corners.iter().enumerate() {
                prop_assert!(a.0 >= 0 && a.1 >= 0 && a.0 + sizes[one].0 <= placed.width && a.1 + sizes[one].1 <= placed.height);
                for (other, b) in placed.corners.iter().enumerate().skip(one + 1) {
                    let apart = a.0 + sizes[one].0 <= b.0 || b.0 + sizes[other].0 <= a.0 || a.1 + 40 <= b.1 || b.1 + 40 <= a.1;
                    prop_assert!(apart, "{} and {}: {:?}", one, other, placed);
                }
            }
        }
    }
}
